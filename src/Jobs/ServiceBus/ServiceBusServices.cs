using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>Registers what reaches Service Bus.</summary>
public static class ServiceBusServices
{
    /// <summary>
    /// Adds the <see cref="MessageBus"/>, configured by the section <see cref="ServiceBusOptions.Section"/>, and the reader of job
    /// messages. Where Service Bus is off, it says so when it is used, and not before.
    /// </summary>
    public static IServiceCollection AddServiceBus(this IServiceCollection services)
    {
        services.AddSettings<ServiceBusOptions>(ServiceBusOptions.Section);
        services.TryAddSingleton<JobMessageReader>();
        return services.AddAzureCredential().AddSingleton<MessageBus>();
    }
}
