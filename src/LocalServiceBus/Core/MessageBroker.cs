using HrNetBatch.LocalServiceBus.Core.Filters;
using HrNetBatch.LocalServiceBus.Storage;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// The core: queues, topics and subscriptions as one state machine over one store. Operations happen one after the other, each at one
/// moment; what they promise is kept once their task has ended.
/// </summary>
public sealed class MessageBroker : IAsyncDisposable
{
    // Timers cannot wait for ever; waking once a day for nothing costs nothing.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Deadlines _deadlines = new();
    private readonly EntityDirectory _directory;
    private readonly IMessageStore _store;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private DateTimeOffset? _timerDue;
    private Task _lastWrite = Task.CompletedTask;
    private bool _disposed;

    /// <summary>Takes up the entities and messages of a store, which it owns from then on.</summary>
    /// <param name="definition">The entities of the configuration file; <see cref="StoredEntities"/> says what else is served.</param>
    /// <param name="store">Where everything is kept.</param>
    /// <param name="content">How filters and actions look into a message's content.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="BrokerException">An entity of the definition cannot be.</exception>
    public MessageBroker(BrokerDefinition definition, IMessageStore store, MessageContent content, TimeProvider time)
    {
        (_store, _time, StartedAt) = (store, time, time.GetUtcNow());
        _directory = new EntityDirectory(this, _deadlines, content);
        var stored = new StoredEntities(store.Load());
        List<Change> changes = stored.TakeUp(definition, _directory, StartedAt);
        (UnknownEntities, ChangedEntities) = (stored.Unknown, stored.Changed);
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Run(operation => operation.Changes.InsertRange(0, changes));
    }

    /// <summary>When it began.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>All entities, dead letters included.</summary>
    public IReadOnlyCollection<Entity> Entities => [.. _directory.All.Select(state => state.Handle)];

    /// <summary>Entities that the store has messages of and nobody serves: the configuration file named them once.</summary>
    public IReadOnlyList<string> UnknownEntities { get; }

    /// <summary>Entities that the configuration file changed since it was last applied.</summary>
    public IReadOnlyList<string> ChangedEntities { get; }

    /// <summary>
    /// Finds an entity: <c>queue</c>, <c>topic</c>, <c>topic/Subscriptions/name</c>, each with <c>/$deadletterqueue</c> or
    /// <c>/$transfer/$deadletterqueue</c>.
    /// </summary>
    /// <exception cref="BrokerException">There is none of that name.</exception>
    public Entity Find(string address) => _directory.Get(address).Handle;

    /// <summary>Makes a queue, a topic, or (its name being <c>topic/Subscriptions/name</c>) a subscription.</summary>
    /// <param name="name">The address.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="rules">The rules of a subscription; by default one that takes everything.</param>
    /// <exception cref="BrokerException">There is one of that name, it has no topic, or its options cannot be.</exception>
    public Task<EntitySnapshot> CreateAsync(string name, EntityKind kind, EntityOptions options, IReadOnlyList<Rule>? rules = null) =>
        RunAsync(operation =>
        {
            IReadOnlyList<Rule> ofSubscription = rules ?? [new Rule(Rule.DefaultName, Filter.True)];
            _directory.Create(operation, name, new EntityDescription(
                kind, options, kind == EntityKind.Subscription ? [.. ofSubscription.Select(rule => rule with { CreatedAt = operation.Now })] : [],
                operation.Now, operation.Now));
            return Snapshot(_directory.Get(name));
        });

    /// <summary>Changes the options of an entity; what is there already keeps its times and locks.</summary>
    /// <exception cref="BrokerException">There is none of that name and kind, or its options cannot change so.</exception>
    public Task<EntitySnapshot> UpdateAsync(string name, EntityKind kind, EntityOptions options) => RunAsync(operation =>
    {
        EntityState state = Get(name, kind);
        _directory.Update(operation, state, options);
        return Snapshot(state);
    });

    /// <summary>Deletes a queue, a subscription, or a topic with its subscriptions, and all messages in it.</summary>
    /// <exception cref="BrokerException">There is none of that name.</exception>
    public Task DeleteAsync(string name) => RunAsync(operation =>
    {
        EntityState state = _directory.Get(name);
        if (state.Kind == EntityKind.DeadLetterQueue)
            throw new BrokerException(Refusal.NotAllowed, $"'{name}' goes with the entity whose dead letters it holds.");
        _directory.Delete(operation, state);
    });

    /// <summary>An entity at this moment; null: there is none of that name.</summary>
    public EntitySnapshot? Describe(string name)
    {
        lock (_gate) return _directory.Find(name) is { } state ? Snapshot(state) : null;
    }

    /// <summary>All entities of a kind, or the subscriptions of one topic, by name.</summary>
    public IReadOnlyList<EntitySnapshot> List(EntityKind kind, string? topic = null)
    {
        lock (_gate)
        {
            return
            [
                .. _directory.All
                    .Where(state => state.Kind == kind && (topic is null || topic.Equals(state.Owner?.Name, StringComparison.OrdinalIgnoreCase)))
                    .OrderBy(state => state.Name, StringComparer.OrdinalIgnoreCase)
                    .Select(Snapshot),
            ];
        }
    }

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

    private static EntitySnapshot Snapshot(EntityState state) => new(state.Name, state.Description, state.AccessedAt, state.Counts);

    private EntityState Get(string name, EntityKind kind) => _directory.Get(name) is var state && state.Kind == kind
        ? state
        : throw new BrokerException(Refusal.InvalidArgument, $"'{name}' is no {kind}: it is a {state.Kind}.");

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
}
