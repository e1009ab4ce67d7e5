using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>
/// Where a broker keeps its entities and messages: a file (<see cref="SqliteStore"/>) or the process (<see cref="InMemoryStore"/>).
/// </summary>
public interface IMessageStore : IAsyncDisposable
{
    /// <summary>Everything that was written, read once before the first write.</summary>
    IReadOnlyList<StoredEntity> Load();

    /// <summary>
    /// Writes the changes of one operation, all or none, after those of every earlier call. May be called by one thread at a time.
    /// </summary>
    /// <returns>Ends when these changes and all earlier ones are durable; fails when they never will be.</returns>
    Task WriteAsync(IReadOnlyList<Change> changes);
}

/// <summary>What a store holds of one entity.</summary>
/// <param name="Name">The entity.</param>
/// <param name="LastSequenceNumber">The highest number that was ever given.</param>
/// <param name="Messages">Its messages.</param>
/// <param name="SessionStates">The state of each session that has one.</param>
/// <param name="SeenMessageIds">Message ids of the duplicate window, each with the end of its time.</param>
public sealed record StoredEntity(
    string Name,
    long LastSequenceNumber,
    IReadOnlyList<Message> Messages,
    IReadOnlyDictionary<string, byte[]> SessionStates,
    IReadOnlyDictionary<string, DateTimeOffset> SeenMessageIds)
{
    /// <summary>What it is; null for dead letters, and for what an earlier version wrote.</summary>
    public EntityDescription? Description { get; init; }
}
