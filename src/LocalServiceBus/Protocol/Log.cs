using Microsoft.Extensions.Logging;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>What the broker says about its clients.</summary>
internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Debug, "A client connected from {Client}.")]
    public static partial void Connected(this ILogger log, string client);

    [LoggerMessage(6002, LogLevel.Debug, "The client from {Client} left.")]
    public static partial void Disconnected(this ILogger log, string client);

    [LoggerMessage(6003, LogLevel.Warning, "The connection of the client from {Client} broke.")]
    public static partial void ConnectionBroke(this ILogger log, string client, Exception exception);

    [LoggerMessage(6004, LogLevel.Information, "Link {Link} was refused with {Condition}: {Reason}")]
    public static partial void LinkRefused(this ILogger log, string link, string condition, string reason);

    [LoggerMessage(6005, LogLevel.Error, "A request failed inside the broker; its client was told so.")]
    public static partial void RequestFailed(this ILogger log, Exception exception);
}
