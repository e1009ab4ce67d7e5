using System.Buffers;
using Amqp.Framing;
using Amqp.Transactions;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client sends: its messages are put together from frames and given to whoever takes them.</summary>
/// <param name="session">Its session.</param>
/// <param name="handle">Its number there.</param>
/// <param name="address">The address that needs a token.</param>
internal abstract class IncomingLink(AmqpSession session, uint handle, string? address) : Link(session, handle, address)
{
    /// <summary>How many messages may be under way. Credit returns when a message is durable, so this bounds what waits for the
    /// disk.</summary>
    private const uint Credit = 1000;

    private ArrayBufferWriter<byte>? _parts;
    private uint _format;
    private uint _deliveryId;
    private byte[]? _transactionId;
    private bool _isTooLarge;
    private uint _receivedCount;
    private uint _limit = Credit;
    private uint _takenCount;

    private int MaxBytes => Session.Connection.Context.MaxMessageBytes;

    public override void Open(Attach attach)
    {
        _receivedCount = attach.InitialDeliveryCount;
        _limit += _receivedCount;
        Attach answer = Answer(attach, attach.SndSettleMode);
        answer.MaxMessageSize = (ulong)MaxBytes;
        Session.Write(answer);
        WriteCredit();
    }

    public override void OnFlow(Flow flow)
    {
        if (flow.Echo) WriteCredit();
    }

    public override void OnTransfer(Transfer transfer, ArraySegment<byte> payload)
    {
        if (_parts is null)
        {
            _parts = new ArrayBufferWriter<byte>(Math.Max(256, payload.Count));
            (_format, _deliveryId, _isTooLarge) = (transfer.MessageFormat, transfer.DeliveryId, false);
            _transactionId = (transfer.State as TransactionalState)?.TxnId;
            lock (Session.Connection.Gate) _receivedCount++;
        }
        if (transfer.Aborted)
        {
            _parts = null;
            return;
        }
        _isTooLarge |= _parts.WrittenCount + payload.Count > MaxBytes;
        if (!_isTooLarge) _parts.Write(payload);
        if (transfer.More) return;
        var delivery = new IncomingDelivery(_parts.WrittenSpan.ToArray(), _format, _transactionId);
        _parts = null;
        _ = TakeAsync(delivery, _isTooLarge, _deliveryId, transfer.Settled);
    }

    /// <summary>Takes a message; the client is told when the task ends, and why if it fails.</summary>
    protected abstract Task TakeAsync(IncomingDelivery delivery, ActiveTransaction? transaction);

    /// <summary>Takes a message and says what the client is told.</summary>
    protected virtual async Task<DeliveryState> AnswerAsync(IncomingDelivery delivery)
    {
        ActiveTransaction? transaction = delivery.TransactionId is { } id ? Session.Connection.Transactions.Find(id) : null;
        await TakeAsync(delivery, transaction);
        var accepted = new Accepted();
        return transaction is null ? accepted : new TransactionalState { TxnId = transaction.Id, Outcome = accepted };
    }

    private async Task TakeAsync(IncomingDelivery delivery, bool isTooLarge, uint deliveryId, bool isSettled)
    {
        DeliveryState state;
        try
        {
            if (isTooLarge)
                throw new BrokerException(Refusal.MessageTooLarge,
                    $"The message is larger than {MaxBytes} bytes, the most this broker takes.");
            state = await AnswerAsync(delivery);
        }
        catch (BrokerException refusal)
        {
            state = new Rejected { Error = Performatives.Error(Conditions.Of(refusal.Reason), refusal.Message) };
        }
        catch (Exception exception)
        {
            Session.Connection.Context.Log.RequestFailed(exception);
            state = new Rejected { Error = Performatives.Error(Conditions.InternalError, exception.Message) };
        }
        if (!isSettled) Session.WriteDisposition(isReceiver: true, deliveryId, state);
        lock (Session.Connection.Gate)
        {
            if (++_takenCount % (Credit / 2) != 0) return;
            _limit += Credit / 2;
        }
        WriteCredit();
    }

    private void WriteCredit() => Session.WriteFlow(flow =>
        (flow.Handle, flow.DeliveryCount, flow.LinkCredit) = (Handle, _receivedCount, _limit - _receivedCount));
}
