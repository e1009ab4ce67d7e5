using HrNetBatch.LocalServiceBus.Protocol.Links;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;

namespace HrNetBatch.LocalServiceBus.Protocol.Requests;

/// <summary>A node that answers requests. The answer takes the link of the same session that the request names.</summary>
internal sealed class RequestNode(AmqpSession session, string node, Func<Request, ActiveTransaction?, Task<Response>> handle)
{
    public async Task TakeAsync(byte[] content, ActiveTransaction? transaction)
    {
        Request request = Request.Read(content);
        Response response = await handle(request, transaction);
        ReplyLink[] links = [.. session.Links.OfType<ReplyLink>().Where(link =>
            link.Node.Equals(node, StringComparison.OrdinalIgnoreCase))];
        ReplyLink? reply = links.FirstOrDefault(link => link.ReplyAddress is not null
            && link.ReplyAddress == request.ReplyTo) ?? links.FirstOrDefault();
        reply?.Send(response.Encode(request.Id));
    }
}
