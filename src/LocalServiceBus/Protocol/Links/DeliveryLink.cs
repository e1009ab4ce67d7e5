using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Amqp.Framing;
using Amqp.Transactions;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Protocol.Transactions;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol.Links;

/// <summary>A client receives from an entity, as far as its credit goes.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Its source of cancellation has neither timer nor wait handle.")]
internal sealed class DeliveryLink : Link
{
    private static readonly Symbol SessionFilter = "com.microsoft:session-filter";
    private static readonly Symbol WaitProperty = "com.microsoft:timeout";
    private static readonly Symbol LockedUntilProperty = "com.microsoft:locked-until-utc";
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>What a client is told that did not renew its session in time.</summary>
    public const string SessionLost = "The session's lock ran out. Accept the session again.";

    private readonly Entity _entity;
    private readonly ReceiveMode _mode;
    private readonly Channel<Handover> _handovers = Channel.CreateUnbounded<Handover>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private Receiver? _receiver;
    private Flow? _earlyFlow;
    private uint _sentCount;
    private uint _limit;
    private volatile bool _hasLostSession;

    public DeliveryLink(AmqpSession session, Attach attach, Entity entity, string address) : base(session, attach.Handle, address)
    {
        (_entity, Name) = (entity, attach.LinkName);
        _mode = attach.SndSettleMode == SenderSettleMode.Settled ? ReceiveMode.ReceiveAndDelete : ReceiveMode.PeekLock;
    }

    /// <summary>What the client calls it.</summary>
    public string Name { get; }

    /// <summary>Whether the session that it was opened for is no longer its own.</summary>
    public bool HasLostSession => _hasLostSession;

    public override void Open(Attach attach)
    {
        Map? filters = (attach.Source as Source)?.FilterSet;
        if (filters is null || !filters.TryGetValue(SessionFilter, out object? wanted))
            Start(attach, null);
        else
            _ = OpenSessionAsync(attach, (wanted is DescribedValue described ? described.Value : wanted) as string);
    }

    public override void OnFlow(Flow flow)
    {
        Receiver? receiver;
        lock (Session.Connection.Gate)
        {
            receiver = _receiver;
            if (receiver is null) _earlyFlow = flow;   // the session is not ours yet
        }
        if (receiver is not null) _ = SetLimitAsync(receiver, flow);
    }

    /// <summary>Does what the client decided about a delivery, or adds it to a transaction, and confirms it once it is durable.</summary>
    public async Task SettleAsync(uint deliveryId, Guid lockToken, DeliveryOutcome outcome, Disposition disposition)
    {
        DeliveryState state = new Accepted();
        bool isOver = disposition.TransactionId is null;
        try
        {
            if (disposition.TransactionId is null) await _entity.SettleAsync(lockToken, SettlementOf(outcome));
            else state = await SettleAsync(deliveryId, lockToken, outcome, Session.Connection.Transactions.Find(disposition.TransactionId));
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
        if (!disposition.IsSettled) Session.WriteDisposition(isReceiver: false, deliveryId, state, isOver);
    }

    public override void End()
    {
        if (!_handovers.Writer.TryComplete()) return;
        _ended.Cancel();
        if (_receiver is { } receiver) _ = _entity.DetachAsync(receiver);
    }

    private async Task<DeliveryState> SettleAsync(uint deliveryId, Guid lockToken, DeliveryOutcome outcome, ActiveTransaction transaction)
    {
        transaction.Join(_entity, Session, isSettlement: true);
        await _entity.SettleAsync(lockToken, SettlementOf(outcome), transaction.Work);
        transaction.OnCommitted(() => Session.Settle(deliveryId));
        return new TransactionalState { TxnId = transaction.Id, Outcome = new Accepted() };
    }

    private static Settlement SettlementOf(DeliveryOutcome outcome) => outcome switch
    {
        AcceptedOutcome => new Completion(),
        ReleasedOutcome => new Giveback(),
        ModifiedOutcome { IsUndeliverableHere: true } modified => new Deferral(PropertyMap.Read(modified.Annotations)),
        ModifiedOutcome modified => new Abandonment(PropertyMap.Read(modified.Annotations)),
        RejectedOutcome rejected => DeadLetteringOf(rejected),
        _ => throw new BrokerException(Refusal.NotImplemented, $"{outcome.GetType().Name} is not supported."),
    };

    private static DeadLettering DeadLetteringOf(RejectedOutcome rejected)
    {
        var properties = new Dictionary<string, object?>(PropertyMap.Read(rejected.Info));
        properties.Remove("DeadLetterReason", out object? reason);
        properties.Remove("DeadLetterErrorDescription", out object? description);
        return new DeadLettering(reason as string ?? rejected.Condition, description as string ?? rejected.Description, properties);
    }

    private async Task OpenSessionAsync(Attach attach, string? wanted)
    {
        SessionLease? lease = null;
        try
        {
            lease = wanted is null ? await NextSessionAsync(attach) : await _entity.AcceptSessionAsync(wanted);
            ((Source)attach.Source).FilterSet[SessionFilter] = lease.SessionId;
            if (!_ended.IsCancellationRequested) Start(attach, lease);
        }
        catch (BrokerException refusal)
        {
            Session.Forget(this);
            Session.Refuse(attach, Conditions.Of(refusal.Reason), refusal.Message);
        }
        catch (OperationCanceledException)
        {
            // The client did not wait; what it might have got goes to somebody else.
        }
        if (lease is not null && (_receiver is null || _ended.IsCancellationRequested)) await _entity.ReleaseSessionAsync(lease);
    }

    private async Task<SessionLease> NextSessionAsync(Attach attach)
    {
        TimeSpan wait = attach.Properties?[WaitProperty] is uint milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : LongestWait;
        using var timeout = new CancellationTokenSource(wait < LongestWait ? wait : LongestWait, Session.Connection.Context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _ended.Token);
        try
        {
            return await _entity.AcceptNextSessionAsync(either.Token);
        }
        catch (OperationCanceledException) when (!_ended.IsCancellationRequested)
        {
            throw new BrokerException(Refusal.TimedOut,
                $"No session of '{_entity.Name}' had a message and was free within {wait.TotalSeconds:0.#} s.");
        }
    }

    private void Start(Attach attach, SessionLease? lease)
    {
        Receiver receiver = _entity.Attach(_mode, lease, Take);
        Attach answer = Answer(attach, _mode == ReceiveMode.PeekLock ? SenderSettleMode.Unsettled : SenderSettleMode.Settled);
        answer.InitialDeliveryCount = 0;
        if (lease is not null) answer.Properties = new Fields { [LockedUntilProperty] = lease.LockedUntil.UtcTicks };
        Session.Write(answer);
        Flow? early;
        lock (Session.Connection.Gate) (_receiver, early) = (receiver, _earlyFlow);
        _ = DeliverAsync();
        if (early is not null) _ = SetLimitAsync(receiver, early);
    }

    private async Task SetLimitAsync(Receiver receiver, Flow flow)
    {
        const int DeliveryCountField = 5, CreditField = 6;
        if (flow.HasField(CreditField))
        {
            uint count = flow.HasField(DeliveryCountField) ? flow.DeliveryCount : 0;
            Volatile.Write(ref _limit, count + flow.LinkCredit);
            await _entity.SetLimitAsync(receiver, count + flow.LinkCredit, flow.Drain);
        }
        if (flow.Echo && !flow.Drain) Session.WriteFlow(answer => (answer.Handle, answer.DeliveryCount) = (Handle, _sentCount));
    }

    // What is handed over while the link ends is nobody's: its messages would stay locked until their locks run out.
    private void Take(Handover handover)
    {
        _hasLostSession |= handover.SessionLost;
        if (!_handovers.Writer.TryWrite(handover)) _ = ReturnAsync(handover);
    }

    private async Task ReturnAsync(Handover handover)
    {
        try
        {
            await handover.Committed;
            foreach (Message message in handover.Messages.Where(message =>
                message.Lock is not null)) await _entity.ReleaseAsync(message.Lock!.Token);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Session.Connection.Context.Log.RequestFailed(exception);
        }
    }

    private async Task DeliverAsync()
    {
        try
        {
            await foreach (Handover handover in _handovers.Reader.ReadAllAsync())
            {
                // Durability point 2. The lock (or the removal) is on disk before the client sees the message: a crash here costs
                // the wait for the lock's end, and never shows a message to two receivers.
                await handover.Committed;
                foreach (Message message in handover.Messages) await DeliverAsync(message);
                if (handover.DrainedAt is { } drainedAt) WriteDrained(drainedAt);
                if (handover.SessionLost && IsAwaited) Session.Close(this, Conditions.Of(Refusal.SessionLockLost), SessionLost);
                if (handover.Ended is { } ended) Session.Close(this, Conditions.Of(ended.Reason), ended.Message);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Session.Connection.Context.Log.RequestFailed(exception);
            Session.Close(this, Conditions.InternalError, exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
        }
    }

    // A client whose session is lost is told so when it next asks for something: as the answer to a settlement or a request, or by the end
    // of the link when it waits for messages. Were the link closed at once, the .NET client would say of its own calls that they came
    // after the end of an object, and not why.
    private bool IsAwaited => (int)(Volatile.Read(ref _limit) - _sentCount) > 0;

    private async Task DeliverAsync(Message message)
    {
        Guid token = message.Lock?.Token ?? Guid.NewGuid();
        try
        {
            _ended.Token.ThrowIfCancellationRequested();
            await Session.SendAsync(Handle, token.ToByteArray(), MessageWriter.Write(message), _mode == ReceiveMode.PeekLock
                ? (this, token) : null);
        }
        catch (OperationCanceledException)
        {
            if (message.Lock is not null) await _entity.ReleaseAsync(token);   // never sent, so nobody else has to wait for it
            return;
        }
        _sentCount++;
    }

    private void WriteDrained(uint count)
    {
        _sentCount = count;
        Session.WriteFlow(flow => (flow.Handle, flow.DeliveryCount, flow.LinkCredit, flow.Drain) = (Handle, count, 0, true));
    }
}
