using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client sends messages to an entity.</summary>
internal sealed class SendLink(AmqpSession session, uint handle, string address, Entity entity) : IncomingLink(session, handle, address)
{
    protected override async Task TakeAsync(IncomingDelivery delivery, ActiveTransaction? transaction)
    {
        PendingBytes pending = Session.Connection.Context.Pending;
        pending.Add(delivery.Content.Length);
        try
        {
            IReadOnlyList<IncomingMessage> messages = MessageReader.Read(delivery.Content, delivery.Format);
            transaction?.Join(entity, Session, isSettlement: false);
            await (transaction is null ? entity.SendAsync(messages) : entity.SendAsync(messages, transaction.Work));
        }
        finally
        {
            pending.Remove(delivery.Content.Length);
        }
    }
}
