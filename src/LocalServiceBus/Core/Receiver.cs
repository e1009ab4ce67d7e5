namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What a receiver is given at once.</summary>
/// <param name="Messages">Messages for it, locked or removed as its mode says.</param>
/// <param name="Committed">Ends when that is durable; nothing may be shown to a client before.</param>
/// <param name="DrainedAt">Where it asked to be drained: the delivery count after which it has no credit left.</param>
/// <param name="SessionLost">Its session's lock ran out; it is given nothing more.</param>
/// <param name="Ended">Why the entity gives it nothing more, where it was deleted or disabled.</param>
public sealed record Handover(
    IReadOnlyList<Message> Messages, Task Committed, uint? DrainedAt, bool SessionLost, BrokerException? Ended = null);

/// <summary>Somebody who takes messages from an entity as far as their credit goes.</summary>
public sealed class Receiver
{
    private readonly Action<Handover> _receive;
    private List<Message> _messages = [];
    private bool _draining;
    private bool _sessionLost;
    private BrokerException? _ended;

    internal Receiver(ReceiveMode mode, SessionLease? session, Action<Handover> receive) =>
        (Mode, Session, _receive) = (mode, session, receive);

    /// <summary>What becomes of the messages it is given.</summary>
    public ReceiveMode Mode { get; }

    /// <summary>The session whose messages it takes; null: it takes any message.</summary>
    public SessionLease? Session { get; }

    /// <summary>Whether it stands in line for messages.</summary>
    internal bool InLine { get; set; }

    internal bool Detached { get; set; }

    /// <summary>How many messages it was given, drained credit included: AMQP's delivery count, which wraps around.</summary>
    internal uint Count { get; private set; }

    /// <summary>Up to which count it may be given messages.</summary>
    internal uint Limit { get; private set; }

    internal bool HasCredit => !Detached && !_sessionLost && _ended is null && (int)(Limit - Count) > 0;

    internal void SetLimit(uint limit, bool drain) => (Limit, _draining) = (limit, drain);

    internal void Give(Message message)
    {
        Count++;
        _messages.Add(message);
    }

    internal void LoseSession() => _sessionLost = true;

    /// <summary>Gives it nothing more.</summary>
    internal void End(BrokerException why) => _ended = why;

    internal void HandOver(Task committed)
    {
        uint? drainedAt = null;
        if (_draining)
        {
            if ((int)(Limit - Count) > 0) Count = Limit;
            (_draining, drainedAt) = (false, Count);
        }
        if (_messages.Count == 0 && drainedAt is null && !_sessionLost && _ended is null) return;
        (List<Message> given, _messages) = (_messages, []);
        _receive(new Handover(given, committed, drainedAt, _sessionLost, _ended));
    }
}
