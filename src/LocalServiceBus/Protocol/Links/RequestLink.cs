using HrNetBatch.LocalServiceBus.Protocol.Requests;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client sends requests to a node.</summary>
internal sealed class RequestLink(AmqpSession session, uint handle, string? address, RequestNode node)
    : IncomingLink(session, handle, address)
{
    protected override Task TakeAsync(IncomingDelivery delivery, ActiveTransaction? transaction) =>
        node.TakeAsync(delivery.Content, transaction);
}
