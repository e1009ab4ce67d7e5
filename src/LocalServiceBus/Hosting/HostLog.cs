using Microsoft.Extensions.Logging;

namespace HrNetBatch.LocalServiceBus.Hosting;

/// <summary>What the broker says about itself.</summary>
internal static partial class HostLog
{
    [LoggerMessage(6100, LogLevel.Warning,
        "The folder holds messages of entities that the configuration does not name: {Entities}. They stay there untouched; define the entities to reach them.")]
    public static partial void EntitiesWithoutDefinition(this ILogger log, string entities);

    [LoggerMessage(6101, LogLevel.Critical, "Messages can no longer be kept; every request is refused. Repair the disk and start the broker again.")]
    public static partial void StoreFailed(this ILogger log, Exception exception);

    [LoggerMessage(6102, LogLevel.Information, "Port {Port} is not served on IPv6: {Reason}")]
    public static partial void NoIpv6(this ILogger log, int port, string reason);

    [LoggerMessage(6103, LogLevel.Information,
        "The configuration file says something new of {Entities}; what was set at run time gives way to it.")]
    public static partial void EntitiesChangedByConfiguration(this ILogger log, string entities);
}
