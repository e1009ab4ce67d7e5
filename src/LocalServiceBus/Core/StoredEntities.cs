using HrNetBatch.LocalServiceBus.Storage;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// Brings what a store holds and what a configuration file declares together, when a broker starts. What was made at run time is there
/// again. What the file declares is made where it is missing. Where both know an entity, the store is right as long as the file says
/// what it said when it was last applied; once the file says something else, the file is right. What came from the file and is no
/// longer in it is not served; its messages stay in the store and come back with it.
/// </summary>
internal sealed class StoredEntities(IReadOnlyList<StoredEntity> loaded)
{
    private readonly Dictionary<string, StoredEntity> _stored = loaded.ToDictionary(entity => entity.Name, StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _changed = [];

    /// <summary>Entities that have messages and are not served.</summary>
    public IReadOnlyList<string> Unknown { get; private set; } = [];

    /// <summary>Entities that the file changed.</summary>
    public IReadOnlyList<string> Changed => _changed;

    /// <summary>Fills the directory.</summary>
    /// <returns>What the store does not know yet.</returns>
    /// <exception cref="BrokerException">An entity of the definition cannot be.</exception>
    public List<Change> TakeUp(BrokerDefinition definition, EntityDirectory directory, DateTimeOffset now)
    {
        directory.Unserved = _stored;
        List<Change> changes = [];
        var declared = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, EntityDescription description) in Declarations(definition, now))
        {
            if (!declared.Add(name)) throw new BrokerException(Refusal.InvalidArgument, $"Two entities are named '{name}': rename one.");
            EntityDescription? before = _stored.GetValueOrDefault(name)?.Description;
            bool isNew = before?.Declared != description.Declared || before?.Kind != description.Kind;
            if (before is not null && isNew) _changed.Add(name);
            EntityDescription served = isNew ? description with { CreatedAt = before?.CreatedAt ?? now } : before!;
            if (isNew) changes.Add(new EntityDescribed(name, served));
            Add(name, served);
        }
        foreach (StoredEntity entity in RunTime())
        {
            if (EntityNames.Subscription(entity.Name) is not { } path || directory.Find(path.Topic)?.Kind == EntityKind.Topic)
                Add(entity.Name, entity.Description!);
        }
        foreach (string name in declared) EntityChecks.CheckTargets(name, directory.Get(name).Options, directory.Find);
        Unknown = [.. _stored.Values.Where(entity => entity.Messages.Count > 0).Select(entity => entity.Name)];
        return changes;

        void Add(string name, EntityDescription description)
        {
            EntityChecks.Check(name, description.Kind, description.Options);
            directory.Add(name, description, now);
        }

        // Topics before their subscriptions.
        IEnumerable<StoredEntity> RunTime() => _stored.Values
            .Where(entity => entity.Description is { Declared: null } && !declared.Contains(entity.Name))
            .OrderBy(entity => entity.Description!.Kind == EntityKind.Subscription)
            .ThenBy(entity => entity.Description!.CreatedAt)
            .ToArray();
    }

    private static IEnumerable<(string Name, EntityDescription Description)> Declarations(BrokerDefinition definition, DateTimeOffset now)
    {
        foreach (QueueDefinition queue in definition.Queues) yield return (queue.Name, Declared(EntityKind.Queue, queue.Options, []));
        foreach (TopicDefinition topic in definition.Topics)
        {
            yield return (topic.Name, Declared(EntityKind.Topic, topic.Options, []));
            foreach (SubscriptionDefinition subscription in topic.Subscriptions)
            {
                yield return (EntityNames.Subscription(topic.Name, subscription.Name),
                    Declared(EntityKind.Subscription, subscription.Options, subscription.Rules));
            }
        }

        EntityDescription Declared(EntityKind kind, EntityOptions options, IReadOnlyList<Rule> rules)
        {
            var description = new EntityDescription(kind, options, rules, default, default);
            return description with
            {
                Declared = DescriptionEncoding.Encode(description),
                CreatedAt = now,
                UpdatedAt = now,
                Rules = [.. rules.Select(rule => rule with { CreatedAt = now })],
            };
        }
    }
}
