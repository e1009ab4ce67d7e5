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

/// <summary>A subscription, which takes each message that one of its filters lets through.</summary>
public sealed record SubscriptionDefinition(string Name, EntityOptions Options, IReadOnlyList<Filter> Filters);
