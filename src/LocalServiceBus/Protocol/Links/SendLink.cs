using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client sends messages to an entity.</summary>
internal sealed class SendLink(AmqpSession session, uint handle, string address, Entity entity) : IncomingLink(session, handle, address)
{
    protected override Task TakeAsync(IncomingDelivery delivery, ActiveTransaction? transaction)
    {
        IReadOnlyList<IncomingMessage> messages = MessageReader.Read(delivery.Content, delivery.Format);
        if (transaction is null) return entity.SendAsync(messages);
        transaction.Join(entity, Session, isSettlement: false);
        return entity.SendAsync(messages, transaction.Work);
    }
}
