namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What a message waits for.</summary>
public enum MessageState
{
    /// <summary>A receiver.</summary>
    Active = 0,

    /// <summary>Somebody who asks for it by its sequence number.</summary>
    Deferred = 1,

    /// <summary>Its time.</summary>
    Scheduled = 2,
}

/// <summary>The hold of one receiver on one message, until a moment.</summary>
/// <param name="Token">Names the hold; whoever settles the message shows it.</param>
/// <param name="Until">From this moment on the hold is void.</param>
public sealed record MessageLock(Guid Token, DateTimeOffset Until);

/// <summary>A message of an entity. It never changes: every change puts another one in its place.</summary>
public sealed record Message
{
    /// <summary>Its number in its entity, given in order of arrival from 1.</summary>
    public required long SequenceNumber { get; init; }

    /// <summary>The number under which it was sent; differs after scheduling and dead-lettering.</summary>
    public required long EnqueuedSequenceNumber { get; init; }

    /// <summary>When it was accepted, or, once scheduled, when its time came.</summary>
    public required DateTimeOffset EnqueuedAt { get; init; }

    /// <summary>The sender's name for it.</summary>
    public required string MessageId { get; init; }

    /// <summary>The session that it belongs to.</summary>
    public string? SessionId { get; init; }

    /// <summary>The message as its sender encoded it. The core never looks inside.</summary>
    public required byte[] Content { get; init; }

    /// <summary>What it waits for.</summary>
    public MessageState State { get; init; }

    /// <summary>When a scheduled message becomes active.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }

    /// <summary>How long it is worth anything once active; null: for ever.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>When its time to live ends.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How many deliveries ended without settling it.</summary>
    public int DeliveryCount { get; init; }

    /// <summary>How often one entity forwarded it to another.</summary>
    public int ForwardCount { get; init; }

    /// <summary>The receiver that holds it.</summary>
    public MessageLock? Lock { get; init; }

    /// <summary>The entity that gave it up, for a dead letter.</summary>
    public string? DeadLetterSource { get; init; }

    /// <summary>Application properties that receivers or dead-lettering put over the sender's.</summary>
    public IReadOnlyDictionary<string, object?> ChangedProperties { get; init; } = NoProperties;

    /// <summary>No properties.</summary>
    public static IReadOnlyDictionary<string, object?> NoProperties { get; } = new Dictionary<string, object?>();
}
