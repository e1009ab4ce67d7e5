using System.Collections.Concurrent;
using HrNetBatch.LocalServiceBus.Storage;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>The entities of a broker by their addresses: found by anybody, changed inside operations only.</summary>
internal sealed class EntityDirectory(MessageBroker broker, Deadlines deadlines, MessageContent content)
{
    private readonly ConcurrentDictionary<string, EntityState> _entities = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>All entities, dead letters included.</summary>
    public ICollection<EntityState> All => _entities.Values;

    public Deadlines Deadlines => deadlines;

    /// <summary>What the store holds of entities that are not served: whoever makes one of them again gets its messages back.</summary>
    public Dictionary<string, StoredEntity> Unserved { get; set; } = [];

    /// <summary>Makes what callers hold of an entity.</summary>
    public Entity Handle(string name) => new(broker, this, name);

    public EntityState? Find(string address) => _entities.GetValueOrDefault(address);

    /// <summary>Finds an entity.</summary>
    /// <exception cref="BrokerException">There is none of that name.</exception>
    public EntityState Get(string address) => Find(address) ?? throw NotFound(address);

    public static BrokerException NotFound(string address) => new(
        Refusal.EntityNotFound,
        $"The messaging entity '{address}' could not be found. Define it in the broker's configuration file, or make it with an "
        + "administration client.");

    /// <summary>Adds an entity with its dead letters, and what a store holds of them.</summary>
    /// <exception cref="BrokerException">There is one of that name, or no topic for a subscription.</exception>
    public EntityState Add(string name, EntityDescription description, DateTimeOffset now)
    {
        var state = new EntityState(name, description, this) { Topic = description.Kind == EntityKind.Topic ? new Topic(content) : null };
        if (state.Topic is null)
        {
            state.DeadLetters = AddDeadLetters(EntityNames.DeadLetters(name), state, DeadLetterOptions(description.Options));
            state.TransferDeadLetters = AddDeadLetters(EntityNames.TransferDeadLetters(name), state, TransferOptions(description.Options));
        }
        if (EntityNames.Subscription(name) is { } path && description.Kind == EntityKind.Subscription)
        {
            state.Owner = TopicOf(path.Topic);
            state.Owner.Topic!.Add(state);
        }
        Put(state);
        state.Use(now);
        state.WatchIdle(now);
        return state;
    }

    /// <summary>Makes an entity.</summary>
    /// <exception cref="BrokerException">It cannot be made so.</exception>
    public void Create(Operation operation, string name, EntityDescription description)
    {
        bool isSubscription = description.Kind == EntityKind.Subscription;
        (string? topic, string own) = isSubscription && EntityNames.Subscription(name) is { } path ? path : (null, name);
        if (EntityNames.Fault(own, isSubscription) is { } fault) throw new BrokerException(Refusal.InvalidArgument, fault);
        if (topic is not null) name = EntityNames.Subscription(TopicOf(topic).Name, own);   // spelt as its topic is
        if (_entities.ContainsKey(name)) throw Exists(name);
        EntityChecks.Check(name, description.Kind, description.Options);
        EntityChecks.CheckTargets(name, description.Options, Find);
        Add(name, description, operation.Now);
        operation.Changes.Add(new EntityDescribed(name, description));
    }

    /// <summary>Changes the options of a queue, topic or subscription.</summary>
    /// <exception cref="BrokerException">They cannot change so.</exception>
    public void Update(Operation operation, EntityState state, EntityOptions options)
    {
        EntityChecks.Check(state.Name, state.Kind, options);
        EntityChecks.CheckTargets(state.Name, options, Find);
        EntityChecks.CheckChange(state.Name, state.Options, options);
        state.Describe(operation, state.Description with { Options = options, UpdatedAt = operation.Now });
        state.DeadLetters?.SetOptions(operation, DeadLetterOptions(options));
        state.TransferDeadLetters?.SetOptions(operation, TransferOptions(options));
        state.SetOptions(operation, options);
    }

    /// <summary>Deletes an entity with everything that it has.</summary>
    public void Delete(Operation operation, EntityState state)
    {
        foreach (EntityState subscription in state.Topic?.Subscriptions.ToArray() ?? []) Delete(operation, subscription);
        if (state.Kind == EntityKind.Subscription) state.Owner!.Topic!.Remove(state);
        foreach (EntityState? part in (ReadOnlySpan<EntityState?>)[state.DeadLetters, state.TransferDeadLetters, state])
        {
            if (part is null) continue;
            _entities.TryRemove(part.Name, out _);
            part.Delete(operation);
        }
    }

    private static EntityOptions DeadLetterOptions(EntityOptions options) =>
        new() { LockDuration = options.LockDuration, ForwardTo = options.ForwardDeadLettersTo };

    private static EntityOptions TransferOptions(EntityOptions options) => new() { LockDuration = options.LockDuration };

    private static BrokerException Exists(string name) =>
        new(Refusal.EntityExists, $"There is an entity named '{name}' already. Update that one, or choose another name.");

    private EntityState TopicOf(string topic) => Find(topic) is { Kind: EntityKind.Topic } state
        ? state
        : throw new BrokerException(Refusal.EntityNotFound, $"The topic '{topic}' could not be found. Make it before its subscriptions.");

    private EntityState AddDeadLetters(string name, EntityState owner, EntityOptions options)
    {
        EntityDescription description = owner.Description with { Kind = EntityKind.DeadLetterQueue, Options = options, Rules = [] };
        return Put(new EntityState(name, description, this) { Owner = owner });
    }

    private EntityState Put(EntityState state)
    {
        if (!_entities.TryAdd(state.Name, state)) throw Exists(state.Name);
        if (Unserved.Remove(state.Name, out StoredEntity? before)) state.Load(before);
        return state;
    }
}
