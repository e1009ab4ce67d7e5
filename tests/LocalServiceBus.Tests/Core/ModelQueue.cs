using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

/// <summary>A queue and its dead letters as anybody would describe them: one list each, searched from the front.</summary>
internal sealed class ModelQueue(EntityOptions options)
{
    private readonly List<ModelMessage> _messages = [];
    private readonly List<ModelMessage> _deadLetters = [];
    private long _lastNumber, _lastDeadNumber;
    private int _credit;

    public DateTimeOffset Now { get; set; }

    /// <summary>The messages that were handed out since the last look.</summary>
    public List<string> HandedOut { get; } = [];

    public IEnumerable<string> Messages => _messages.OrderBy(message => message.Number).Select(message => message.Describe());

    public IEnumerable<string> DeadLetters => _deadLetters.OrderBy(message => message.Number).Select(message => message.Describe());

    public long Send(string id, TimeSpan? timeToLive, DateTimeOffset? scheduledFor)
    {
        var message = new ModelMessage { Id = id, Number = ++_lastNumber, TimeToLive = timeToLive, ScheduledFor = scheduledFor };
        if (scheduledFor > Now) message.State = MessageState.Scheduled;
        else message.ExpiresAt = Now + timeToLive;
        _messages.Add(message);
        return message.Number;
    }

    public bool Cancel(long number) => _messages.RemoveAll(message => message.Number == number && message.State == MessageState.Scheduled) == 1;

    public void AddCredit(int credit) => _credit += credit;

    public void Drain() => _credit = 0;

    public bool ReceiveDeferred(long number, out ModelMessage? message)
    {
        message = _messages.Find(m => m.Number == number && m.State == MessageState.Deferred && m.LockedUntil is null);
        if (message is null) return false;
        message.LockedUntil = Now + options.LockDuration;
        return true;
    }

    /// <summary>Settles the message that is handed out under this number, if it still is.</summary>
    public bool Settle(ModelLock held, string how)
    {
        ModelMessage message = held.Message;
        if (message.LockedUntil is null || message.LockCount != held.LockCount || !_messages.Contains(message)) return false;
        switch (how)
        {
            case "renew":
                message.LockedUntil = Now + options.LockDuration;
                return true;
            case "complete":
                _messages.Remove(message);
                return true;
            case "defer":
                message.State = MessageState.Deferred;
                message.Unlock();
                return true;
            case "dead-letter":
                DeadLetter(message);
                return true;
            case "release":
                message.Unlock();
                return true;
            default:
                Count(message);
                return true;
        }
    }

    /// <summary>Lets happen what is due, then hands out what is ready.</summary>
    public List<ModelLock> Tick()
    {
        while (_messages.Where(message => message.Due <= Now).OrderBy(message => message.Due).ThenBy(message => message.Number).FirstOrDefault() is { } due)
        {
            if (due.LockedUntil is not null)
            {
                Count(due);
            }
            else if (due.State == MessageState.Scheduled)
            {
                due.State = MessageState.Active;
                due.Number = ++_lastNumber;
                due.ExpiresAt = Now + due.TimeToLive;
            }
            else if (options.DeadLetterExpired)
            {
                DeadLetter(due);
            }
            else
            {
                _messages.Remove(due);
            }
        }
        var handed = new List<ModelLock>();
        while (_credit > 0 && _messages.Where(m => m is { State: MessageState.Active, LockedUntil: null }).MinBy(m => m.Number) is { } next)
        {
            _credit--;
            next.LockedUntil = Now + options.LockDuration;
            HandedOut.Add(next.Id);
            handed.Add(new ModelLock(next, next.LockCount));
        }
        return handed;
    }

    /// <summary>A restart: receivers and their credit are gone, nothing else is.</summary>
    public void Restart() => _credit = 0;

    private void Count(ModelMessage message)
    {
        message.Unlock();
        if (++message.DeliveryCount >= options.MaxDeliveryCount) DeadLetter(message);
    }

    private void DeadLetter(ModelMessage message)
    {
        _messages.Remove(message);
        message.Unlock();
        _deadLetters.Add(new ModelMessage { Id = message.Id, Number = ++_lastDeadNumber, DeliveryCount = message.DeliveryCount });
    }
}

/// <summary>One hold on a message: void once the message was unlocked.</summary>
internal sealed record ModelLock(ModelMessage Message, int LockCount);

internal sealed class ModelMessage
{
    public required string Id { get; init; }

    public required long Number { get; set; }

    public MessageState State { get; set; }

    public TimeSpan? TimeToLive { get; init; }

    public DateTimeOffset? ScheduledFor { get; init; }

    public DateTimeOffset? ExpiresAt { get; set; }

    public int DeliveryCount { get; set; }

    public DateTimeOffset? LockedUntil { get; set; }

    public int LockCount { get; private set; }

    public DateTimeOffset? Due => LockedUntil ?? (State == MessageState.Scheduled ? ScheduledFor : ExpiresAt);

    public void Unlock()
    {
        LockedUntil = null;
        LockCount++;
    }

    public string Describe() => Describe(Number, Id, State, DeliveryCount, LockedUntil);

    public static string Describe(long number, string id, MessageState state, int deliveryCount, DateTimeOffset? lockedUntil) =>
        $"{number} {id} {state} count {deliveryCount} locked until {lockedUntil:HH:mm:ss}";
}
