namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>Everything about an entity except its messages.</summary>
/// <param name="Kind">What kind of thing it is.</param>
/// <param name="Options">How it behaves.</param>
/// <param name="Rules">The rules of a subscription, in the order in which they were made.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When its options changed last.</param>
public sealed record EntityDescription(
    EntityKind Kind, EntityOptions Options, IReadOnlyList<Rule> Rules, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>What the configuration file said of it when it was last applied; null: it was made at run time.</summary>
    public string? Declared { get; init; }
}

/// <summary>An entity at one moment.</summary>
/// <param name="Name">Its address.</param>
/// <param name="Description">What it is.</param>
/// <param name="AccessedAt">When somebody used it last; since the start of the broker at the earliest.</param>
/// <param name="Counts">Its messages.</param>
public sealed record EntitySnapshot(string Name, EntityDescription Description, DateTimeOffset AccessedAt, EntityCounts Counts);

/// <summary>How many messages an entity has, and how much they take.</summary>
/// <param name="Active">Messages for receivers: ready, locked or deferred.</param>
/// <param name="Scheduled">Messages whose time has not come.</param>
/// <param name="DeadLetters">Messages that it gave up.</param>
/// <param name="TransferDeadLetters">Messages that could not be forwarded.</param>
/// <param name="Bytes">What all of them take, the subscriptions of a topic included.</param>
/// <param name="Subscriptions">How many subscriptions a topic has.</param>
public sealed record EntityCounts(long Active, long Scheduled, long DeadLetters, long TransferDeadLetters, long Bytes, int Subscriptions)
{
    /// <summary>All messages.</summary>
    public long Total => Active + Scheduled + DeadLetters + TransferDeadLetters;
}
