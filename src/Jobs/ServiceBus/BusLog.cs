using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>What is said about messages that cannot be read.</summary>
internal static partial class BusLog
{
    [LoggerMessage(7003, LogLevel.Warning,
        "A message of {Entity} cannot be decoded ({Reason}); the others go on. The broker makes it a dead letter after its last delivery")]
    public static partial void Undecodable(this ILogger logger, string entity, string reason);
}
