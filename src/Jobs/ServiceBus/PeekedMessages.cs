using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>What a look at an entity's messages has shown.</summary>
/// <param name="Messages">The messages, in order of their sequence numbers.</param>
/// <param name="Undecodable">The sequence numbers of those among them that cannot be decoded; of several in a row, that of the last.</param>
/// <param name="NextSequenceNumber">Where to go on looking.</param>
public sealed record PeekedMessages(IReadOnlyList<ServiceBusReceivedMessage> Messages, IReadOnlyList<long> Undecodable, long NextSequenceNumber)
{
    /// <summary>Whether there was nothing.</summary>
    public bool IsEmpty => Messages.Count + Undecodable.Count == 0;
}
