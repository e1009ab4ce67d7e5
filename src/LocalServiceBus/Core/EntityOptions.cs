namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>How one queue, topic or subscription behaves.</summary>
public sealed record EntityOptions
{
    /// <summary>How long a receiver holds a message, or a session. Default: 1 minute.</summary>
    public TimeSpan LockDuration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many deliveries may end without settling a message before it is dead-lettered. Default: 10.</summary>
    public int MaxDeliveryCount { get; init; } = 10;

    /// <summary>The time to live of messages that name none or a longer one. Default: for ever.</summary>
    public TimeSpan? DefaultTimeToLive { get; init; }

    /// <summary>Whether expired messages become dead letters instead of vanishing. Default: false.</summary>
    public bool DeadLetterExpired { get; init; }

    /// <summary>Whether every message belongs to a session, which one receiver at a time holds. Default: false.</summary>
    public bool RequiresSession { get; init; }

    /// <summary>For how long a message id that was seen is refused; null: message ids are not compared.</summary>
    public TimeSpan? DuplicateWindow { get; init; }
}
