using System.Security.Cryptography;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Classify;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Models;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs;

/// <summary>Registers everything about jobs.</summary>
public static class JobServices
{
    /// <summary>Adds the ledger, the blobs, Service Bus, and the handlers of <paramref name="kinds"/> (default: <see cref="JobKinds.Default"/>).</summary>
    public static IServiceCollection AddHrNetJobs(this IServiceCollection services, IConfiguration configuration, JobKinds? kinds = null)
    {
        // Hosts bring a configuration of their own; a plain container (a test, a console program) takes the one given here.
        services.TryAddSingleton(configuration);
        services.AddSettings<DecodingOptions>(DecodingOptions.Section);
        return services.AddLedger(kinds ?? JobKinds.Default).AddBlobs().AddServiceBus().AddModels().AddClassify().AddHandlers(kinds ?? JobKinds.Default);
    }

    /// <summary>Adds the stores over PostgreSQL.</summary>
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
            .AddSingleton<UnitCountStore>()
            .AddSingleton<PinnedCheckpointStore>()
            .AddSingleton<RunStore>();
    }

    /// <summary>Adds the handler of each kind that has one, keyed by the kind's name.</summary>
    public static IServiceCollection AddHandlers(this IServiceCollection services, JobKinds kinds)
    {
        foreach (JobKind kind in kinds.All)
        {
            if (kind.HandlerType is { } handler)
                services.AddKeyedTransient(typeof(IJobHandler), kind.Name, handler);
        }

        return services;
    }
}
