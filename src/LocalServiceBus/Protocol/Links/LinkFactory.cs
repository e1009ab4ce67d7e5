using Amqp.Framing;
using Amqp.Transactions;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Requests;
using HrNetBatch.LocalServiceBus.Protocol.Security;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>Makes the link that a client asks for, if it may have it.</summary>
internal static class LinkFactory
{
    private const string TokenNode = "$cbs", ManagementSuffix = "/$management";

    /// <summary>Makes a link; it is not open yet.</summary>
    /// <exception cref="BrokerException">The client may not have it, or there is no such thing.</exception>
    public static Link Create(AmqpSession session, Attach attach)
    {
        if (attach.Target is Coordinator) return new CoordinatorLink(session, attach.Handle);
        bool clientReceives = attach.Role;
        string address = Addresses.Path((clientReceives ? (attach.Source as Source)?.Address : (attach.Target as Target)?.Address) ?? "");
        BrokerContext context = session.Connection.Context;

        if (address.Equals(TokenNode, StringComparison.OrdinalIgnoreCase))
        {
            return Requests(TokenNode, null, (request, _) => Task.FromResult(TokenRequests.Handle(request, context,
                session.Connection.Claims)));
        }
        if (!session.Connection.Claims.Allow(address))
        {
            throw new BrokerException(
                Refusal.Unauthorized, $"Unauthorized access: no valid token was shown for '{address}'. Send one to {TokenNode} first.");
        }
        if (address.EndsWith(ManagementSuffix, StringComparison.OrdinalIgnoreCase))
        {
            var management = new ManagementRequests(session, context.Broker.Find(address[..^ManagementSuffix.Length]));
            return Requests(address, address, management.HandleAsync);
        }
        Entity entity = context.Broker.Find(address);
        if (clientReceives) return new DeliveryLink(session, attach, entity, address);
        if (entity.Kind is EntityKind.Subscription or EntityKind.DeadLetterQueue)
            throw new BrokerException(Refusal.NotAllowed, $"Nothing can be sent to '{address}': send to its queue or topic.");
        return new SendLink(session, attach.Handle, address, entity);

        Link Requests(string node, string? authorized, Func<Request, ActiveTransaction?, Task<Response>> handle) => clientReceives
            ? new ReplyLink(session, attach, node, authorized)
            : new RequestLink(session, attach.Handle, authorized, new RequestNode(session, node, handle));
    }
}
