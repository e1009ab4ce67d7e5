namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>One change of what a broker keeps. All changes of an operation become durable together, operations in order.</summary>
/// <param name="Entity">The name of the entity that changes.</param>
public abstract record Change(string Entity);

/// <summary>A message came.</summary>
public sealed record MessageAdded(string Entity, Message Message) : Change(Entity);

/// <summary>A message is locked, unlocked, counted, deferred or given properties; its content stays as it was.</summary>
public sealed record MessageChanged(string Entity, Message Message) : Change(Entity);

/// <summary>A message went.</summary>
public sealed record MessageRemoved(string Entity, long SequenceNumber) : Change(Entity);

/// <summary>A session's state was set; null: removed.</summary>
public sealed record SessionStateChanged(string Entity, string SessionId, byte[]? State) : Change(Entity);

/// <summary>A message id was seen, and counts as a duplicate until a moment.</summary>
public sealed record MessageIdSeen(string Entity, string MessageId, DateTimeOffset Until) : Change(Entity);

/// <summary>A message id may be used again.</summary>
public sealed record MessageIdForgotten(string Entity, string MessageId) : Change(Entity);

/// <summary>An entity was made, or its options or rules changed.</summary>
public sealed record EntityDescribed(string Entity, EntityDescription Description) : Change(Entity);

/// <summary>An entity went, and all that it had.</summary>
public sealed record EntityRemoved(string Entity) : Change(Entity);
