namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>Moves messages from an entity to the queue or topic that it forwards to.</summary>
internal static class Forwarding
{
    /// <summary>How often a message may be forwarded, so that a ring of entities ends.</summary>
    private const int MaxHops = 4;

    /// <summary>Gives a message to the target.</summary>
    /// <returns>Why that cannot be, as the reason and the description of a dead letter; null when it is done.</returns>
    public static (string Reason, string Description)? Forward(Operation operation, EntityState? target, string name, Message message)
    {
        if (message.ForwardCount >= MaxHops)
        {
            return (
                "MaxTransferHopCountExceeded",
                $"The message was forwarded {MaxHops} times, which is the most. Look for entities that forward in a ring.");
        }
        if (target?.Kind is not (EntityKind.Queue or EntityKind.Topic))
            return ("MessagingEntityNotFound", $"The message cannot be forwarded: there is no queue or topic '{name}'.");
        if (!target.Options.TakesMessages)
            return ("MessagingEntityDisabled", $"The message cannot be forwarded: the status of '{target.Name}' is {target.Options.Status}.");
        if (!target.HasRoomFor(message.Content.Length))
            return ("QuotaExceeded", $"The message cannot be forwarded: '{target.Name}' holds its {target.Options.MaxSizeMegabytes} MB.");
        target.Enqueue(operation, message with { ForwardCount = message.ForwardCount + 1, DeliveryCount = 0, Lock = null });
        return null;
    }
}
