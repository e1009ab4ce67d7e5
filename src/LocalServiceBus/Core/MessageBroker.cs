using HrNetBatch.LocalServiceBus.Core.Filters;
using HrNetBatch.LocalServiceBus.Storage;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// The core: queues, topics and subscriptions as one state machine over one store. Operations happen one after the other, each at one
/// moment; what they promise is kept once their task has ended.
/// </summary>
public sealed class MessageBroker : IAsyncDisposable
{
    private const string DeadLetterSuffix = "/$deadletterqueue";

    // Timers cannot wait for ever; waking once a day for nothing costs nothing.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entity> _entities = new(StringComparer.OrdinalIgnoreCase);
    private readonly Deadlines _deadlines = new();
    private readonly IMessageStore _store;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private DateTimeOffset? _timerDue;
    private Task _lastWrite = Task.CompletedTask;
    private bool _disposed;

    /// <summary>Takes up the messages of a store, which it owns from then on.</summary>
    /// <param name="definition">The entities to serve; messages of others stay in the store untouched.</param>
    /// <param name="store">Where messages are kept.</param>
    /// <param name="read">How filters look into a message's content.</param>
    /// <param name="time">The clock.</param>
    public MessageBroker(BrokerDefinition definition, IMessageStore store, Func<byte[], FilteredMessage> read, TimeProvider time)
    {
        (_store, _time) = (store, time);
        Dictionary<string, StoredEntity> stored = store.Load().ToDictionary(entity => entity.Name, StringComparer.OrdinalIgnoreCase);
        foreach (QueueDefinition queue in definition.Queues) AddWithDeadLetters(queue.Name, EntityKind.Queue, queue.Options, stored);
        foreach (TopicDefinition topic in definition.Topics)
        {
            var subscriptions = topic.Subscriptions.Select(subscription => (
                AddWithDeadLetters(
                    $"{topic.Name}/Subscriptions/{subscription.Name}", EntityKind.Subscription, subscription.Options, stored),
                subscription.Filters)).ToList();
            Add(new EntityState(topic.Name, EntityKind.Topic, topic.Options, null, new Topic(read, subscriptions), _deadlines), stored);
        }
        UnknownEntities = [.. stored.Where(entity => entity.Value.Messages.Count > 0).Select(entity => entity.Key)];
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Run(static _ => { });
    }

    /// <summary>All entities, dead letters included.</summary>
    public IReadOnlyCollection<Entity> Entities => _entities.Values;

    /// <summary>Entities that the store has messages of and the definition does not name.</summary>
    public IReadOnlyList<string> UnknownEntities { get; }

    /// <summary>Finds an entity: <c>queue</c>, <c>topic</c>, <c>topic/Subscriptions/name</c>, each with <c>/$deadletterqueue</c>.</summary>
    /// <exception cref="BrokerException">There is none of that name.</exception>
    public Entity Find(string address) => _entities.GetValueOrDefault(address)
        ?? throw new BrokerException(
            Refusal.EntityNotFound, $"The messaging entity '{address}' could not be found. Define it in the broker's configuration file.");

    /// <summary>Waits for what was begun to become durable, and closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate) _disposed = true;
        await _timer.DisposeAsync();
        await _store.DisposeAsync();
    }

    /// <summary>Does the work of a transaction, all of it or nothing.</summary>
    /// <exception cref="BrokerException">Something of it cannot be done any more.</exception>
    internal Task CommitAsync(Transaction transaction) => RunAsync(transaction.Run);

    internal async Task<T> RunAsync<T>(Func<Operation, T> step)
    {
        T result = default!;
        await Run(operation => result = step(operation));
        return result;
    }

    internal async Task RunAsync(Action<Operation> step) => await Run(step);

    /// <summary>Runs one operation.</summary>
    /// <returns>Ends when it is durable.</returns>
    internal Task Run(Action<Operation> step)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var operation = new Operation(_time.GetUtcNow());
            try
            {
                RunDue(operation);
                step(operation);
            }
            finally
            {
                // Also when the step refuses: what became due has happened. The store keeps order, so an operation without changes is
                // durable with the last one that had some.
                RunDue(operation);   // a message that the step gave back may have outlived its time
                operation.Pump();
                if (operation.Changes.Count > 0) _lastWrite = _store.WriteAsync(operation.Changes);
                operation.HandOver(_lastWrite);
                SetTimer(operation.Now);
            }
            return _lastWrite;
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _timerDue = null;   // timers may fire a little early: then it must be set again for the same moment
            Run(static _ => { });
        }
    }

    private void RunDue(Operation operation)
    {
        while (_deadlines.TryTakeDue(operation.Now, out Deadline deadline)) deadline.Entity.OnDue(operation, deadline);
    }

    private void SetTimer(DateTimeOffset now)
    {
        DateTimeOffset? next = _deadlines.Next;
        if (next == _timerDue) return;
        _timerDue = next;
        TimeSpan wait = next is { } due ? TimeSpan.FromTicks(Math.Clamp((due - now).Ticks, 0, LongestWait.Ticks)) : Timeout.InfiniteTimeSpan;
        if (wait == LongestWait) _timerDue = null;   // set again by whatever comes next
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private EntityState AddWithDeadLetters(string name, EntityKind kind, EntityOptions options, Dictionary<string, StoredEntity> stored)
    {
        var deadLetters = new EntityState(
            name + DeadLetterSuffix, EntityKind.DeadLetterQueue, new EntityOptions { LockDuration = options.LockDuration }, null, null, _deadlines);
        Add(deadLetters, stored);
        return Add(new EntityState(name, kind, options, deadLetters, null, _deadlines), stored);
    }

    private EntityState Add(EntityState state, Dictionary<string, StoredEntity> stored)
    {
        if (!_entities.TryAdd(state.Name, new Entity(this, state)))
            throw new BrokerException(Refusal.InvalidArgument, $"Two entities are named '{state.Name}': rename one.");
        if (stored.Remove(state.Name, out StoredEntity? before)) state.Load(before);
        return state;
    }
}
