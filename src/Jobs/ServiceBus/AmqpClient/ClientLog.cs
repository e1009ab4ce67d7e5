using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>What the client says about its connection.</summary>
internal static partial class ClientLog
{
    [LoggerMessage(7000, LogLevel.Information, "Connected to Service Bus {Endpoint}")]
    public static partial void Connected(this ILogger logger, string endpoint);

    [LoggerMessage(7001, LogLevel.Warning, "The token for {Address} at {Endpoint} could not be renewed; trying again in {Pause}")]
    public static partial void TokenNotRenewed(this ILogger logger, Exception exception, string endpoint, string address, TimeSpan pause);

    [LoggerMessage(7002, LogLevel.Warning, "Service Bus {Endpoint} is busy; nothing more is asked of it for {Pause}")]
    public static partial void Busy(this ILogger logger, string endpoint, TimeSpan pause);
}
