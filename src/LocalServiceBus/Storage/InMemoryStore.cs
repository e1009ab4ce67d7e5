using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>Keeps messages as long as the object lives: the fastest store, for tests and measurements.</summary>
public sealed class InMemoryStore : IMessageStore
{
    private readonly Dictionary<string, Content> _entities = new(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public IReadOnlyList<StoredEntity> Load() =>
    [
        .. _entities.Select(entity => new StoredEntity(
            entity.Key,
            entity.Value.LastNumber,
            [.. entity.Value.Messages.Values.OrderBy(message => message.SequenceNumber)],
            new Dictionary<string, byte[]>(entity.Value.SessionStates),
            new Dictionary<string, DateTimeOffset>(entity.Value.SeenIds)) { Description = entity.Value.Description }),
    ];

    /// <inheritdoc/>
    public Task WriteAsync(IReadOnlyList<Change> changes)
    {
        foreach (Change change in changes) Apply(change);
        return Task.CompletedTask;
    }

    /// <summary>Does nothing: the content stays, for a broker that takes it up again.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Apply(Change change)
    {
        if (!_entities.TryGetValue(change.Entity, out Content? content)) _entities.Add(change.Entity, content = new Content());
        switch (change)
        {
            case MessageAdded added:
                content.Messages.Add(added.Message.SequenceNumber, added.Message);
                content.LastNumber = Math.Max(content.LastNumber, added.Message.SequenceNumber);
                break;
            case MessageChanged changed:
                content.Messages[changed.Message.SequenceNumber] = changed.Message;
                break;
            case MessageRemoved removed:
                content.Messages.Remove(removed.SequenceNumber);
                break;
            case SessionStateChanged { State: { } state } session:
                content.SessionStates[session.SessionId] = state;
                break;
            case SessionStateChanged session:
                content.SessionStates.Remove(session.SessionId);
                break;
            case MessageIdSeen seen:
                content.SeenIds[seen.MessageId] = seen.Until;
                break;
            case MessageIdForgotten forgotten:
                content.SeenIds.Remove(forgotten.MessageId);
                break;
            case EntityDescribed described:
                content.Description = described.Description;
                break;
            case EntityRemoved removed:
                _entities.Remove(removed.Entity);
                break;
            default:
                throw new InvalidOperationException($"{change.GetType().Name} is not handled.");
        }
    }

    private sealed class Content
    {
        public EntityDescription? Description { get; set; }

        public long LastNumber { get; set; }

        public Dictionary<long, Message> Messages { get; } = [];

        public Dictionary<string, byte[]> SessionStates { get; } = [];

        public Dictionary<string, DateTimeOffset> SeenIds { get; } = [];
    }
}
