using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>Gives each message of a topic to the subscriptions that want it.</summary>
internal sealed class Topic(Func<byte[], FilteredMessage> read, IReadOnlyList<(EntityState Subscription, IReadOnlyList<Filter> Filters)> subscriptions)
{
    public void Distribute(Operation operation, Message message)
    {
        FilteredMessage content = read(message.Content);
        foreach ((EntityState subscription, IReadOnlyList<Filter> filters) in subscriptions)
        {
            if (filters.Any(filter => filter.Matches(content))) subscription.Enqueue(operation, message);
        }
    }
}
