using Amqp.Framing;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Links;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>
/// A session of a connection: its links, the windows that bound how many frames are under way, and the deliveries that wait for the
/// client's word.
/// </summary>
internal sealed class AmqpSession
{
    /// <summary>What a transfer frame needs besides its part of a message, at most.</summary>
    private const int TransferOverhead = 128;

    // Credit bounds what clients send; the window is as wide as the protocol allows and never an obstacle.
    private const uint IncomingWindow = int.MaxValue;

    private readonly ushort _channel;
    private readonly Dictionary<uint, Link> _links = [];
    private readonly Dictionary<uint, (DeliveryLink Link, Guid LockToken)> _unsettled = [];
    private TaskCompletionSource _windowOpened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _nextIncomingId;
    private uint _nextOutgoingId;
    private uint _nextDeliveryId;
    private uint _clientWindow;
    private bool _ended;

    public AmqpSession(AmqpConnection connection, ushort channel, Begin begin)
    {
        (Connection, _channel) = (connection, channel);
        (_nextIncomingId, _clientWindow) = (begin.NextOutgoingId, begin.IncomingWindow);
        Write(new Begin { RemoteChannel = channel, NextOutgoingId = 0, IncomingWindow = IncomingWindow, OutgoingWindow = IncomingWindow, HandleMax = 4095 });
    }

    public AmqpConnection Connection { get; }

    /// <summary>The links of the session.</summary>
    public IEnumerable<Link> Links
    {
        get
        {
            lock (Connection.Gate) return [.. _links.Values];
        }
    }

    public void Write(Amqp.Types.DescribedList performative) => Connection.Writer.Write(Frame.Amqp, _channel, performative);

    /// <summary>Does what a frame of this session asks for.</summary>
    public void Handle(object performative, ArraySegment<byte> payload)
    {
        switch (performative)
        {
            case Attach attach:
                OnAttach(attach);
                break;
            case Flow flow:
                OnFlow(flow);
                break;
            case Transfer transfer:
                lock (Connection.Gate) _nextIncomingId++;
                Find(transfer.Handle)?.OnTransfer(transfer, payload);
                break;
            case Disposition { IsReceiver: true, Outcome: { } outcome } disposition:
                OnDisposition(disposition, outcome);
                break;
            case Disposition:
                break;
            case Detach detach:
                OnDetach(detach);
                break;
            default:
                throw new WireException(WireException.NotAllowed, $"{performative.GetType().Name} has no place in a session.");
        }
    }

    /// <summary>Sends a flow of a link, or of the session alone.</summary>
    public void WriteFlow(Action<Flow>? ofLink = null)
    {
        var flow = new Flow { IncomingWindow = IncomingWindow, OutgoingWindow = IncomingWindow };
        lock (Connection.Gate)
        {
            (flow.NextIncomingId, flow.NextOutgoingId) = (_nextIncomingId, _nextOutgoingId);
            ofLink?.Invoke(flow);
            Write(flow);
        }
    }

    /// <summary>Sends a message in as many frames as it takes, at the pace of the client.</summary>
    /// <param name="handle">The link.</param>
    /// <param name="tag">Names the delivery.</param>
    /// <param name="message">The encoded message.</param>
    /// <param name="settledBy">Whom to tell what becomes of it, and the lock token; null: it is settled already.</param>
    /// <exception cref="OperationCanceledException">The session ended.</exception>
    public async Task SendAsync(uint handle, byte[] tag, ReadOnlyMemory<byte> message, (DeliveryLink Link, Guid LockToken)? settledBy)
    {
        uint? deliveryId = null;
        do
        {
            await Connection.Writer.RoomAsync();
            Task? window = null;
            lock (Connection.Gate)
            {
                if (_ended) throw new OperationCanceledException("The session ended.");
                if (_clientWindow == 0)
                {
                    window = _windowOpened.Task;
                }
                else
                {
                    if (deliveryId is null && settledBy is { } by) _unsettled.Add(_nextDeliveryId, by);
                    deliveryId ??= _nextDeliveryId++;
                    ReadOnlyMemory<byte> part = message[..Math.Min(message.Length, Connection.MaxFrameBytes - TransferOverhead)];
                    message = message[part.Length..];
                    var transfer = new Transfer
                    {
                        Handle = handle,
                        DeliveryId = deliveryId.Value,
                        DeliveryTag = tag,
                        MessageFormat = 0,
                        Settled = settledBy is null,
                        More = message.Length > 0,
                    };
                    Connection.Writer.Write(Frame.Amqp, _channel, transfer, part);
                    _nextOutgoingId++;
                    _clientWindow--;
                }
            }
            if (window is not null) await window;
        }
        while (message.Length > 0 || deliveryId is null);
    }

    /// <summary>Tells the client what became of a delivery that it received or sent.</summary>
    public void WriteDisposition(bool isReceiver, uint deliveryId, DeliveryState state, bool isSettled = true) => Write(
        new Dispose { Role = isReceiver, First = deliveryId, Last = deliveryId, Settled = isSettled, State = state });

    /// <summary>Ends a delivery whose settlement was a part of a transaction.</summary>
    public void Settle(uint deliveryId)
    {
        lock (Connection.Gate)
        {
            if (!_unsettled.Remove(deliveryId)) return;   // its link is closed
        }
        WriteDisposition(isReceiver: false, deliveryId, new Accepted());
    }

    /// <summary>Refuses a link: an attach that leads nowhere, and a detach that says why.</summary>
    public void Refuse(Attach attach, string condition, string description)
    {
        Connection.Context.Log.LinkRefused(attach.LinkName, condition, description);
        Write(new Attach { LinkName = attach.LinkName, Handle = attach.Handle, Role = !attach.Role, InitialDeliveryCount = 0 });
        Write(new Detach { Handle = attach.Handle, Closed = true, Error = Performatives.Error(condition, description) });
    }

    /// <summary>Drops a link that was never opened.</summary>
    public void Forget(Link link) => Remove(link.Handle);

    /// <summary>Closes a link from this side.</summary>
    public void Close(Link link, string condition, string description)
    {
        Remove(link.Handle);
        Write(new Detach { Handle = link.Handle, Closed = true, Error = Performatives.Error(condition, description) });
        link.End();
    }

    /// <summary>Closes links for which the connection shows no valid token any more.</summary>
    public void CloseUnauthorizedLinks()
    {
        foreach (Link link in Links)
        {
            if (link.Address is { } address && !Connection.Claims.Allow(address))
                Close(link, Conditions.Of(Refusal.Unauthorized), $"ExpiredToken: The token for '{address}' has ended. Show a new one and attach again.");
        }
    }

    /// <summary>Ends the session and its links.</summary>
    public void End()
    {
        Link[] links;
        lock (Connection.Gate)
        {
            _ended = true;
            links = [.. _links.Values];
            _links.Clear();
            _unsettled.Clear();
            _windowOpened.TrySetResult();
        }
        foreach (Link link in links) link.End();
    }

    private void OnAttach(Attach attach)
    {
        try
        {
            if (Find(attach.Handle) is not null)
                throw new WireException(WireException.NotAllowed, $"Handle {attach.Handle} has a link already.");
            Link link = LinkFactory.Create(this, attach);
            lock (Connection.Gate) _links.Add(attach.Handle, link);
            link.Open(attach);
        }
        catch (BrokerException refusal)
        {
            Remove(attach.Handle);
            Refuse(attach, Conditions.Of(refusal.Reason), refusal.Message);
        }
    }

    private void OnFlow(Flow flow)
    {
        const int NextIncomingIdField = 0;
        lock (Connection.Gate)
        {
            uint acknowledged = flow.HasField(NextIncomingIdField) ? flow.NextIncomingId : 0;
            _clientWindow = acknowledged + flow.IncomingWindow - _nextOutgoingId;
            if (_clientWindow > 0)
            {
                _windowOpened.TrySetResult();
                _windowOpened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
        if (flow.HasHandle) Find(flow.Handle)?.OnFlow(flow);
        else if (flow.Echo) WriteFlow();
    }

    private void OnDisposition(Disposition disposition, DeliveryOutcome outcome)
    {
        List<(uint Id, DeliveryLink Link, Guid LockToken)> settled = [];
        lock (Connection.Gate)
        {
            // Ids wrap around; a range that is wider than what is open can only mean everything that is open.
            uint count = Math.Min(disposition.Last - disposition.First, (uint)_unsettled.Count);
            IEnumerable<uint> ids = count == (uint)_unsettled.Count
                ? _unsettled.Keys.Where(id => id - disposition.First <= disposition.Last - disposition.First).ToArray()
                : Enumerable.Range(0, (int)count + 1).Select(offset => disposition.First + (uint)offset);
            foreach (uint id in ids)
            {
                // What is settled in a transaction stays open until the commit, for the client may settle it anew after a rollback.
                bool isKnown = disposition.TransactionId is null || disposition.IsSettled
                    ? _unsettled.Remove(id, out (DeliveryLink Link, Guid LockToken) delivery)
                    : _unsettled.TryGetValue(id, out delivery);
                if (isKnown) settled.Add((id, delivery.Link, delivery.LockToken));
            }
        }
        foreach ((uint id, DeliveryLink link, Guid token) in settled) _ = link.SettleAsync(id, token, outcome, disposition);
    }

    private void OnDetach(Detach detach)
    {
        if (Remove(detach.Handle) is not { } link) return;   // the answer to our own
        link.End();
        Write(new Detach { Handle = detach.Handle, Closed = detach.Closed });
    }

    private Link? Find(uint handle)
    {
        lock (Connection.Gate) return _links.GetValueOrDefault(handle);
    }

    private Link? Remove(uint handle)
    {
        lock (Connection.Gate)
        {
            if (!_links.Remove(handle, out Link? link)) return null;
            foreach (uint id in _unsettled.Where(open => open.Value.Link == link).Select(open => open.Key).ToArray()) _unsettled.Remove(id);
            return link;
        }
    }
}
