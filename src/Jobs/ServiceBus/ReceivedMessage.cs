namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>A message as the broker delivered it, or showed it.</summary>
public sealed record ReceivedMessage : ServiceBusMessage
{
    /// <summary>Where it was received: <c>queue</c>, <c>queue/$deadletterqueue</c> or <c>topic/Subscriptions/name</c>.</summary>
    public required string Entity { get; init; }

    /// <summary>The broker's number for it, in order of arrival.</summary>
    public required long SequenceNumber { get; init; }

    /// <summary>Names this delivery's hold on it; empty in a message that was only looked at.</summary>
    public Guid LockToken { get; init; }

    /// <summary>From this moment on the hold is void, by the broker's clock.</summary>
    public DateTimeOffset LockedUntil { get; init; }

    /// <summary>How many earlier deliveries ended without settling it.</summary>
    public int DeliveryCount { get; init; }

    /// <summary>When the broker accepted it.</summary>
    public DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>Why it is a dead letter; null where it is none.</summary>
    public string? DeadLetterReason { get; init; }

    /// <summary>What was wrong with it, for people; null where it is no dead letter.</summary>
    public string? DeadLetterDescription { get; init; }
}
