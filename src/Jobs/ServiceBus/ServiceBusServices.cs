using HrNetBatch.Jobs.Contracts.Messages;
using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>Registers what reaches Service Bus.</summary>
public static class ServiceBusServices
{
    /// <summary>
    /// Adds the client, configured by the section <see cref="ServiceBusOptions.Section"/>, and the reader of job messages. Where
    /// Service Bus is off, the client says so when it is used, and not before.
    /// </summary>
    public static IServiceCollection AddServiceBus(this IServiceCollection services)
    {
        services.AddSettings<ServiceBusOptions>(ServiceBusOptions.Section);
        services.TryAddSingleton<JobMessageReader>();
#if OFFICIAL_SERVICE_BUS_CLIENT
        return services.AddSingleton<IServiceBusClient, OfficialClient.OfficialServiceBusClient>();
#else
        return services.AddSingleton<IServiceBusClient, AmqpClient.AmqpServiceBusClient>();
#endif
    }
}
