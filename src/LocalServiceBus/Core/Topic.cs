using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>Gives each message of a topic to the subscriptions that want it.</summary>
internal sealed class Topic(MessageContent content)
{
    private readonly List<EntityState> _subscriptions = [];

    /// <summary>The subscriptions, in the order in which they were made.</summary>
    public IReadOnlyList<EntityState> Subscriptions => _subscriptions;

    public void Add(EntityState subscription) => _subscriptions.Add(subscription);

    public void Remove(EntityState subscription) => _subscriptions.Remove(subscription);

    public void Distribute(Operation operation, Message message)
    {
        FilteredMessage read = content.Read(message.Content);
        foreach (EntityState subscription in _subscriptions) Distribute(operation, subscription, message, read);
    }

    private void Distribute(Operation operation, EntityState subscription, Message message, FilteredMessage read)
    {
        bool isThere = false;
        foreach (Rule rule in subscription.Rules)
        {
            if ((isThere && rule.Action is null) || !rule.Filter.Matches(read)) continue;
            isThere |= rule.Action is null;
            subscription.Enqueue(operation, rule.Action is null ? message : Changed(message, read, rule, rule.Action));
        }
    }

    private Message Changed(Message message, FilteredMessage read, Rule rule, SqlAction action)
    {
        FilteredMessage changed = action.Apply(read);
        var application = new Dictionary<string, object?>(changed.Application) { [Rule.NameProperty] = rule.Name };
        return message with
        {
            Content = content.Write(message.Content, changed with { Application = application }),
            MessageId = changed.System.GetValueOrDefault("MessageId") as string ?? message.MessageId,
            SessionId = changed.System.GetValueOrDefault("SessionId") as string,
        };
    }
}
