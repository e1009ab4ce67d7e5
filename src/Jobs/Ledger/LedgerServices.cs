using System.Security.Cryptography;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Registers the ledger.</summary>
public static class LedgerServices
{
    /// <summary>Adds the stores over PostgreSQL, configured by <see cref="LedgerOptions.Section"/> and <see cref="RetryOptions.Section"/>.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="kinds">The kinds that can be submitted; none in a program that only looks.</param>
    public static IServiceCollection AddLedger(this IServiceCollection services, JobKinds kinds)
    {
        services.AddSettings<LedgerOptions>(LedgerOptions.Section);
        services.AddSettings<RetryOptions>(RetryOptions.Section);
        services.AddLogging();
        services.TryAddSingleton(TimeProvider.System);
        services.AddAzureCredential().TryAddSingleton<EntraPasswords>();
        services.TryAddSingleton(provider => LedgerConnection.Open(provider.GetRequiredService<IOptions<LedgerOptions>>().Value, provider.GetRequiredService<EntraPasswords>()));
        services.TryAddSingleton(_ => new Jitter(RandomNumberGenerator.GetInt32(int.MaxValue)));
        return services
            .AddSingleton(kinds)
            .AddSingleton<LedgerMigrator>()
            .AddSingleton<JobStore>()
            .AddSingleton<LeaseStore>()
            .AddSingleton<WakeStore>()
            .AddSingleton<ProgressStore>()
            .AddSingleton<MetricStore>()
            .AddSingleton<ScheduleStore>()
            .AddSingleton<OutboxStore>()
            .AddSingleton<FailedItemStore>()
            .AddSingleton<PlanStore>()
            .AddSingleton<UnitStore>()
            .AddSingleton<SuspectStore>()
            .AddSingleton<UnitCountStore>()
            .AddSingleton<RoundStore>()
            .AddSingleton<BacklogStore>()
            .AddSingleton<PinnedCheckpointStore>()
            .AddSingleton<RunStore>();
    }
}
