using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>The entities that a broker serves.</summary>
public sealed record BrokerDefinition
{
    /// <summary>The queues.</summary>
    public IReadOnlyList<QueueDefinition> Queues { get; init; } = [];

    /// <summary>The topics with their subscriptions.</summary>
    public IReadOnlyList<TopicDefinition> Topics { get; init; } = [];
}

/// <summary>A queue and how it behaves.</summary>
public sealed record QueueDefinition(string Name, EntityOptions Options);

/// <summary>A topic and its subscriptions.</summary>
public sealed record TopicDefinition(string Name, EntityOptions Options, IReadOnlyList<SubscriptionDefinition> Subscriptions);

/// <summary>A subscription and the rules that say what it takes.</summary>
public sealed record SubscriptionDefinition(string Name, EntityOptions Options, IReadOnlyList<Rule> Rules)
{
    /// <summary>A subscription that takes each message that one of the filters takes; the rules are named by their places.</summary>
    public SubscriptionDefinition(string name, EntityOptions options, IReadOnlyList<Filter> filters)
        : this(name, options, [.. filters.Select((filter, place) => new Rule(place == 0 ? Rule.DefaultName : $"rule-{place + 1}", filter))])
    {
    }
}
