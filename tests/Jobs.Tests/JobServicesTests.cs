using Azure.Core;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Tests.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.TestKit;
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
    public async Task OneCredential_SignsInToBlobs_PostgreSqlAndServiceBus()
    {
        var tokens = new StubTokens(TimeProvider.System);
        var services = new ServiceCollection();
        services.AddSingleton<TokenCredential>(tokens);
        await using ServiceProvider provider = Build(services,
            ("HrNetBatch:Ledger:ConnectionString", "Host=127.0.0.1;Username=worker"), ("HrNetBatch:Ledger:Authentication", "Entra"),
            ("HrNetBatch:Blobs:Accounts:azure:ServiceUri", "https://localhost:1"), ("HrNetBatch:ServiceBus:Namespace", "localhost"));

        Assert.Equal(tokens.Token, await provider.GetRequiredService<EntraPasswords>().GetAsync(CancellationToken.None));
        Assert.NotNull(provider.GetRequiredService<BlobAccounts>().Service("azure"));
        await using ServiceBusProcessor processor = provider.GetRequiredService<MessageBus>().CreateProcessor("jobs", 1);
        Assert.Same(tokens, provider.GetRequiredService<Lazy<TokenCredential>>().Value);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains("new DefaultAzureCredential(", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Options_SayWhatToDo_WhenTheLedgerIsNotConfigured()
    {
        await using ServiceProvider services = Build();

        OptionsValidationException refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<JobStore>());

        Assert.Contains("HrNetBatch:Ledger:ConnectionString is not set", refusal.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings) => Build(new ServiceCollection(), settings);

    private static ServiceProvider Build(IServiceCollection services, params (string Key, string Value)[] settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build();
        return services
            .AddLogging()
            .AddHrNetJobs(configuration)
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }
}
