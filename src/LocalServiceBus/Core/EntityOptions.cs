namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What an entity lets clients do.</summary>
public enum EntityStatus
{
    /// <summary>Everything.</summary>
    Active,

    /// <summary>Nothing.</summary>
    Disabled,

    /// <summary>Receive, but not send.</summary>
    SendDisabled,

    /// <summary>Send, but not receive.</summary>
    ReceiveDisabled,
}

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

    /// <summary>Whether a message whose filters fail becomes a dead letter. Kept for clients: filters here never fail. Default: true.</summary>
    public bool DeadLetterFilterErrors { get; init; } = true;

    /// <summary>Whether every message belongs to a session, which one receiver at a time holds. Default: false.</summary>
    public bool RequiresSession { get; init; }

    /// <summary>For how long a message id that was seen is refused; null: message ids are not compared.</summary>
    public TimeSpan? DuplicateWindow { get; init; }

    /// <summary>The queue or topic that gets every message instead of this entity's receivers; null: none.</summary>
    public string? ForwardTo { get; init; }

    /// <summary>The queue or topic that gets the dead letters; null: they stay.</summary>
    public string? ForwardDeadLettersTo { get; init; }

    /// <summary>How long the entity may go unused before it is deleted; null: for ever.</summary>
    public TimeSpan? AutoDeleteOnIdle { get; init; }

    /// <summary>What clients may do. Default: everything.</summary>
    public EntityStatus Status { get; init; }

    /// <summary>How much its messages may take, dead letters included, in megabytes (2^20 bytes). Default: 1024.</summary>
    public long MaxSizeMegabytes { get; init; } = 1024;

    /// <summary>The largest message, in kilobytes (1024 bytes); null: as large as the broker takes.</summary>
    public long? MaxMessageKilobytes { get; init; }

    /// <summary>A note of whoever made it; null: none.</summary>
    public string? UserMetadata { get; init; }

    /// <summary>Kept for clients and shown to them again: this broker always writes in batches. Default: true.</summary>
    public bool EnableBatchedOperations { get; init; } = true;

    /// <summary>Whether messages may come in.</summary>
    internal bool TakesMessages => Status is EntityStatus.Active or EntityStatus.ReceiveDisabled;

    /// <summary>Whether messages may go out.</summary>
    internal bool GivesMessages => Status is EntityStatus.Active or EntityStatus.SendDisabled;
}
