using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests;

public sealed class JobServicesTests
{
    [Fact]
    public async Task AddHrNetJobs_RegistersWhatItsServicesNeed()
    {
        await using ServiceProvider services = Build(("HrNetBatch:Ledger:ConnectionString", "Host=127.0.0.1"), ("HrNetBatch:Ledger:LeaseDuration", "00:00:07"));

        Assert.NotNull(services.GetRequiredService<JobStore>());
        Assert.Equal(TimeSpan.FromSeconds(7), services.GetRequiredService<IOptions<LedgerOptions>>().Value.LeaseDuration);
    }

    [Fact]
    public async Task Options_SayWhatToDo_WhenTheLedgerIsNotConfigured()
    {
        await using ServiceProvider services = Build();

        OptionsValidationException refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<JobStore>());

        Assert.Contains("HrNetBatch:Ledger:ConnectionString is not set", refusal.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build();
        return new ServiceCollection()
            .AddLogging()
            .AddHrNetJobs(configuration)
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }
}
