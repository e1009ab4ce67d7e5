using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Settings;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HrNetBatch.Kinds;

/// <summary>Registers everything about jobs.</summary>
public static class JobServices
{
    /// <summary>Adds the ledger, the blobs, Service Bus, and the handlers of <paramref name="kinds"/> (default: <see cref="KindTable.Default"/>).</summary>
    public static IServiceCollection AddHrNetJobs(this IServiceCollection services, IConfiguration configuration, JobKinds? kinds = null)
    {
        kinds ??= KindTable.Default;
        // Hosts bring a configuration of their own; a plain container (a test, a console program) takes the one given here.
        services.TryAddSingleton(configuration);
        services.AddSettings<DecodingOptions>(DecodingOptions.Section);
        services.AddLedger(kinds).AddBlobs().AddServiceBus().AddModels();
        foreach (HandledKind kind in kinds.All.OfType<HandledKind>())
            kind.Register(services);
        return services;
    }
}
