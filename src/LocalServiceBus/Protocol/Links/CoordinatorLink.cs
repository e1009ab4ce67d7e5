using Amqp;
using Amqp.Framing;
using Amqp.Transactions;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client begins and ends transactions. Those that are open when the link ends are rolled back.</summary>
internal sealed class CoordinatorLink(AmqpSession session, uint handle) : IncomingLink(session, handle, null)
{
    private readonly HashSet<Guid> _declared = [];
    private bool _ended;

    public override void End()
    {
        lock (_declared)
        {
            _ended = true;
            foreach (Guid id in _declared) Transactions.Abandon(id.ToByteArray());
            _declared.Clear();
        }
    }

    protected override async Task<DeliveryState> AnswerAsync(IncomingDelivery delivery)
    {
        switch (Read(delivery.Content))
        {
            case Declare:
            case DescribedValue described when Is(described, "amqp:declare:list"):
                return new Declared { TxnId = Begin() };
            case Discharge { TxnId: { } id } discharge:
                return await EndAsync(id, discharge.Fail);
            case DescribedValue { Value: List { Count: > 0 } fields } described when Is(described, "amqp:discharge:list")
                && fields[0] is byte[] id:
                return await EndAsync(id, fields.Count > 1 && fields[1] is true);
            default:
                throw new BrokerException(Refusal.InvalidArgument, "A coordinator takes declare and discharge only.");
        }
    }

    protected override Task TakeAsync(IncomingDelivery delivery, ActiveTransaction? transaction) => Task.CompletedTask;

    private ActiveTransactions Transactions => Session.Connection.Transactions;

    private byte[] Begin()
    {
        byte[] id = Transactions.Declare();
        lock (_declared)
        {
            if (_ended) Transactions.Abandon(id);
            else _declared.Add(new Guid(id));
        }
        return id;
    }

    private async Task<DeliveryState> EndAsync(byte[] id, bool isRolledBack)
    {
        lock (_declared) _declared.Remove(id.Length == 16 ? new Guid(id) : default);
        await Transactions.DischargeAsync(id, isRolledBack);
        return new Accepted();
    }

    // The library knows the types by their codes alone; Proton says their names.
    private static bool Is(DescribedValue described, string name) => described.Descriptor is Symbol symbol && (string)symbol == name;

    private static object? Read(byte[] content)
    {
        try
        {
            for (int at = 0; at < content.Length;) at = ValueGuard.Check(content, at);
            return Amqp.Message.Decode(new ByteBuffer(content, 0, content.Length, content.Length)).Body;
        }
        catch (Exception exception)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
            throw new BrokerException(Refusal.InvalidArgument, $"The request is not a well-formed AMQP message: {exception.Message}");
        }
    }
}
