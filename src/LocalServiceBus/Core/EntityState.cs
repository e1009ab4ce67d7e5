using HrNetBatch.LocalServiceBus.Storage;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>
/// The state machine of one entity: its messages, and what happens to them. Everything here runs inside an operation, under the
/// broker's lock; nothing waits, nothing reads a clock.
/// </summary>
internal sealed partial class EntityState(string name, EntityDescription description, EntityDirectory directory)
{
    private const long Megabyte = 1024 * 1024;

    private readonly Deadlines _deadlines = directory.Deadlines;
    private readonly Dictionary<long, Message> _messages = [];
    private readonly SortedSet<long> _numbers = [];
    private readonly Dictionary<Guid, long> _locks = [];
    private readonly ReadyMessages _ready = new();
    private readonly ReceiverLine _line = new();
    private readonly HashSet<Receiver> _receivers = [];
    private SeenMessageIds? _seen;
    private Sessions? _sessions;
    private long _lastNumber;
    private long _bytes;
    private DateTimeOffset? _idleDue;

    public string Name { get; } = name;

    /// <summary>What callers hold of it.</summary>
    public Entity Handle { get; } = directory.Handle(name);

    public EntityKind Kind => Description.Kind;

    public EntityOptions Options => Description.Options;

    /// <summary>What it is, as the store keeps it.</summary>
    public EntityDescription Description { get; private set; } = description;

    /// <summary>The rules of a subscription.</summary>
    public IReadOnlyList<Rule> Rules => Description.Rules;

    /// <summary>The topic of a subscription; the entity whose dead letters these are.</summary>
    public EntityState? Owner { get; set; }

    /// <summary>What it gave up.</summary>
    public EntityState? DeadLetters { get; set; }

    /// <summary>What it could not forward.</summary>
    public EntityState? TransferDeadLetters { get; set; }

    /// <summary>The subscriptions of a topic.</summary>
    public Topic? Topic { get; init; }

    /// <summary>When somebody used it last.</summary>
    public DateTimeOffset AccessedAt { get; private set; }

    /// <summary>What its messages take, those of its dead letters and subscriptions included.</summary>
    public long Bytes => _bytes + (DeadLetters?._bytes ?? 0) + (TransferDeadLetters?._bytes ?? 0)
        + (Topic?.Subscriptions.Sum(part => part.Bytes) ?? 0);

    public EntityCounts Counts
    {
        get
        {
            int scheduled = _messages.Values.Count(message => message.State == MessageState.Scheduled);
            return new EntityCounts(
                _messages.Count - scheduled, scheduled, DeadLetters?._messages.Count ?? 0, TransferDeadLetters?._messages.Count ?? 0, Bytes,
                Topic?.Subscriptions.Count ?? 0);
        }
    }

    private SeenMessageIds? Seen => Options.DuplicateWindow is null ? null : _seen ??= new SeenMessageIds(this);

    /// <summary>The entity's sessions.</summary>
    /// <exception cref="BrokerException">It has none.</exception>
    public Sessions Sessions => !Options.RequiresSession
        ? throw new BrokerException(Refusal.NotAllowed, $"The entity '{Name}' does not have sessions: receive from it without one.")
        : _sessions ??= new Sessions(this, _deadlines);

    /// <summary>Takes back what a store holds.</summary>
    public void Load(StoredEntity stored)
    {
        _lastNumber = stored.LastSequenceNumber;
        Seen?.Load(stored.SeenMessageIds);
        if (Options.RequiresSession) Sessions.Load(stored.SessionStates);

        // The holds on sessions ended with their links, and with them the locks of their messages: not counted, as when a link closes.
        foreach (Message message in stored.Messages) Put(Options.RequiresSession ? message with { Lock = null } : message);
    }

    /// <summary>Remembers that somebody uses it, and with it what it belongs to.</summary>
    public void Use(DateTimeOffset now)
    {
        AccessedAt = now;
        Owner?.Use(now);
    }

    /// <summary>Checks that messages may be sent, all of them.</summary>
    /// <exception cref="BrokerException">One of them may not.</exception>
    public void CheckSend(IReadOnlyList<IncomingMessage> messages)
    {
        if (Kind is EntityKind.Subscription or EntityKind.DeadLetterQueue)
            throw new BrokerException(Refusal.NotAllowed, $"Nothing can be sent to '{Name}': send to its queue or topic.");
        if (!Options.TakesMessages) throw Disabled();
        if (Options.RequiresSession && messages.Any(message => message.SessionId is null))
        {
            throw new BrokerException(
                Refusal.NotAllowed,
                $"The SessionId was not set on a message, and it cannot be sent to '{Name}': entities with sessions take only messages that have one.");
        }
        if (messages.Any(message => message.Content.Length > Options.MaxMessageKilobytes * 1024))
        {
            throw new BrokerException(
                Refusal.MessageTooLarge, $"A message is larger than {Options.MaxMessageKilobytes} KB, the most that '{Name}' takes.");
        }
        if (!HasRoomFor(messages.Sum(message => (long)message.Content.Length)))
        {
            throw new BrokerException(
                Refusal.QuotaExceeded,
                $"'{Name}' holds its {Options.MaxSizeMegabytes} MB of messages. Receive some, or raise MaxSizeInMegabytes.");
        }
    }

    /// <summary>Whether its size limit has room.</summary>
    public bool HasRoomFor(long bytes) => Bytes + bytes <= Options.MaxSizeMegabytes * Megabyte;

    /// <summary>Takes a message in.</summary>
    /// <returns>Its sequence number; 0 for a duplicate, which is dropped.</returns>
    public long Send(Operation operation, IncomingMessage incoming) =>
        Seen?.TryAdd(operation, incoming.MessageId) == false ? 0 : Send(operation, incoming, ++_lastNumber);

    /// <summary>Gives a message that is sent in a transaction its number ahead of the rest, because its sender is told it.</summary>
    public long Reserve() => ++_lastNumber;

    /// <summary>Takes a message in under a reserved number; a duplicate is dropped.</summary>
    public void SendReserved(Operation operation, IncomingMessage incoming, long number)
    {
        if (Seen?.TryAdd(operation, incoming.MessageId) != false) Send(operation, incoming, number);
    }

    private long Send(Operation operation, IncomingMessage incoming, long number)
    {
        var message = new Message
        {
            SequenceNumber = number,
            EnqueuedSequenceNumber = number,
            EnqueuedAt = operation.Now,
            MessageId = incoming.MessageId,
            SessionId = incoming.SessionId,
            Content = incoming.Content,
            TimeToLive = incoming.TimeToLive,
        };
        if (incoming.ScheduledFor > operation.Now)
            Add(operation, message with { State = MessageState.Scheduled, ScheduledFor = incoming.ScheduledFor });
        else
            Arrive(operation, message);
        return number;
    }

    public void CancelScheduled(Operation operation, long number) => Remove(operation, Find(number, MessageState.Scheduled));

    /// <summary>Throws where a message is not scheduled.</summary>
    public void CheckScheduled(long number) => Find(number, MessageState.Scheduled);

    public List<Message> Peek(long from, int count, string? session) =>
    [
        .. _numbers.GetViewBetween(from, long.MaxValue)
            .Select(number => _messages[number])
            .Where(message => session is null || message.SessionId == session)
            .Take(count),
    ];

    /// <summary>Removes active messages that nobody holds and that came before a moment, the oldest first.</summary>
    public int Delete(Operation operation, int count, DateTimeOffset enqueuedBefore, string? session)
    {
        Message[] old =
        [
            .. _numbers.Select(number => _messages[number])
                .Where(message => message is { State: MessageState.Active, Lock: null } && message.EnqueuedAt < enqueuedBefore)
                .Where(message => session is null || message.SessionId == session)
                .Take(count),
        ];
        foreach (Message message in old) Remove(operation, message);
        return old.Length;
    }

    /// <summary>The sessions that have an active message or a state.</summary>
    public string[] ListSessions() =>
    [
        .. _messages.Values.Where(message => message is { State: MessageState.Active, SessionId: not null }).Select(message => message.SessionId!)
            .Union(Sessions.WithState).Order(StringComparer.Ordinal),
    ];

    public Message ReceiveDeferred(Operation operation, long number, ReceiveMode mode, string? session)
    {
        if (!Options.GivesMessages) throw Disabled();
        Message message = Find(number, MessageState.Deferred);
        if (message.Lock is not null || (session is not null && message.SessionId != session)) throw NotFound(number);
        return Take(operation, message, mode);
    }

    public DateTimeOffset RenewLock(Operation operation, Guid token)
    {
        Message message = Held(token);
        Message renewed = message with { Lock = new(token, operation.Now + Options.LockDuration) };
        Replace(operation, message, renewed);
        return renewed.Lock.Until;
    }

    /// <summary>Does what a receiver decided about a message that it holds.</summary>
    public void Settle(Operation operation, Guid token, Settlement settlement)
    {
        switch (settlement)
        {
            case Completion:
                Complete(operation, token);
                break;
            case Giveback:
                Release(operation, token);
                break;
            case Abandonment { Properties: var properties }:
                Abandon(operation, token, properties);
                break;
            case Deferral { Properties: var properties }:
                Defer(operation, token, properties);
                break;
            case DeadLettering dead:
                DeadLetter(operation, token, dead.Reason, dead.Description, dead.Properties);
                break;
            default:
                throw new InvalidOperationException($"{settlement.GetType().Name} is not handled.");
        }
    }

    /// <summary>Throws where <see cref="Settle"/> would.</summary>
    public void CheckSettlement(Guid token, Settlement settlement)
    {
        if (settlement is Giveback) return;
        if (settlement is DeadLettering) CheckDeadLetters();
        Held(token);
    }

    public void Complete(Operation operation, Guid token) => Remove(operation, Held(token));

    public void Abandon(Operation operation, Guid token, IReadOnlyDictionary<string, object?> properties) =>
        Unlock(operation, Held(token), properties, counted: true);

    /// <summary>Gives a message back that never reached its receiver; one whose lock is gone needs nothing.</summary>
    public void Release(Operation operation, Guid token)
    {
        if (_locks.TryGetValue(token, out long number)) Unlock(operation, _messages[number], Message.NoProperties, counted: false);
    }

    public void Defer(Operation operation, Guid token, IReadOnlyDictionary<string, object?> properties)
    {
        Message message = Held(token);
        Replace(operation, message, Changed(message, properties) with { Lock = null, State = MessageState.Deferred });
    }

    public void DeadLetter(
        Operation operation, Guid token, string? reason, string? description, IReadOnlyDictionary<string, object?> properties)
    {
        CheckDeadLetters();
        Message message = Held(token);
        MoveToDeadLetters(operation, message, Changed(message, properties), reason, description);
    }

    /// <summary>Adds a receiver without credit.</summary>
    /// <exception cref="BrokerException">It does not give messages to such a receiver.</exception>
    public void Attach(Receiver receiver)
    {
        if (Kind == EntityKind.Topic)
            throw new BrokerException(Refusal.NotAllowed, $"'{Name}' is a topic: receive from one of its subscriptions.");
        CheckReceive();
        if (Options.RequiresSession && receiver.Session is null)
        {
            throw new BrokerException(
                Refusal.NotAllowed, $"It is not possible to receive from '{Name}', which requires sessions, without accepting one.");
        }
        if (receiver.Session is not null) Sessions.Attach(receiver.Session, receiver);
        _receivers.Add(receiver);
    }

    /// <summary>Checks that somebody may receive.</summary>
    /// <exception cref="BrokerException">Nobody may.</exception>
    public void CheckReceive()
    {
        if (WhyNoReceivers() is { } why) throw why;
    }

    public void SetLimit(Operation operation, Receiver receiver, uint limit, bool drain)
    {
        receiver.SetLimit(limit, drain);
        _line.Join(receiver);
        operation.Touch(this);
        operation.Serve(receiver);
    }

    /// <summary>Ends a receiver. What it holds stays locked until the locks run out; a session and its messages are free at once.</summary>
    public void Detach(Operation operation, Receiver receiver)
    {
        receiver.Detached = true;
        _receivers.Remove(receiver);
        if (receiver.Session is { } lease) ReleaseSession(operation, lease);
    }

    public void ReleaseSession(Operation operation, SessionLease lease)
    {
        if (Sessions.TryRelease(lease)) UnlockSession(operation, lease.SessionId, counted: false);
    }

    /// <summary>Hands ready messages to receivers with credit, in turns.</summary>
    public void Pump(Operation operation)
    {
        if (Options.ForwardTo is { } target) ForwardReady(operation, target);
        if (Options.RequiresSession) Sessions.Pump(operation, _ready);
        List<Receiver>? withoutMessage = null;
        while (_line.TryTake(out Receiver? receiver))
        {
            if (_ready.TryGetFirst(receiver.Session?.SessionId, out long number))
            {
                receiver.Give(Take(operation, _messages[number], receiver.Mode));
                operation.Serve(receiver);
                _line.Join(receiver);
                continue;
            }
            (withoutMessage ??= []).Add(receiver);
            if (receiver.Session is null) break;   // nothing is ready for anybody
        }
        foreach (Receiver receiver in withoutMessage ?? []) _line.Join(receiver);
    }

    /// <summary>Does what a deadline stands for.</summary>
    public void OnDue(Operation operation, Deadline deadline)
    {
        if (deadline == IdleDeadline(deadline.Due))
        {
            OnIdleDue(operation);
            return;
        }
        operation.Touch(this);
        if (deadline.SessionId is { } session)
        {
            Sessions.Expire(operation, session);
            UnlockSession(operation, session, counted: true);
            return;
        }
        Message message = _messages[deadline.SequenceNumber];
        if (message.Lock is not null)
            Unlock(operation, message, Message.NoProperties, counted: true);
        else if (message.State == MessageState.Scheduled)
            Activate(operation, message);
        else if (Options.DeadLetterExpired && DeadLetters is not null)
            MoveToDeadLetters(operation, message, message, "TTLExpiredException", "The message expired and was dead lettered.");
        else
            Remove(operation, message);
    }

    /// <summary>Takes a copy of a message from a topic, a message that its queue gave up, or one that is forwarded.</summary>
    public void Enqueue(Operation operation, Message message)
    {
        if (Seen?.TryAdd(operation, message.MessageId) == false) return;
        long number = ++_lastNumber;
        if (Options.RequiresSession && message.SessionId is null && DeadLetters is not null)
        {
            DeadLetters.Enqueue(operation, AsDeadLetter(
                message, "Session ID is null.", "Session enabled entity doesn't allow a message whose session identifier is null."));
            return;
        }
        if (Kind == EntityKind.Subscription) message = message with { EnqueuedSequenceNumber = number };
        Arrive(operation, message with { SequenceNumber = number });
    }

    private void Arrive(Operation operation, Message message)
    {
        TimeSpan? life = Shorter(message.TimeToLive, Options.DefaultTimeToLive);
        message = message with
        {
            State = MessageState.Active,
            EnqueuedAt = Kind == EntityKind.DeadLetterQueue ? message.EnqueuedAt : operation.Now,
            TimeToLive = life,
            ExpiresAt = life < DateTimeOffset.MaxValue - operation.Now && Kind != EntityKind.DeadLetterQueue ? operation.Now + life : null,
        };
        if (Topic is null) Add(operation, message);
        else Topic.Distribute(operation, message);
    }

    private void ForwardReady(Operation operation, string target)
    {
        while (_ready.TryGetFirst(null, out long number))
        {
            Message message = _messages[number];
            Remove(operation, message);
            if (Forwarding.Forward(operation, directory.Find(target), target, message) is not { } fault) continue;
            // Also what a dead-letter queue cannot forward belongs there: the queue whose dead letters these are has one.
            EntityState transfer = TransferDeadLetters ?? Owner!.TransferDeadLetters!;
            transfer.Enqueue(operation, AsDeadLetter(message, fault.Reason, fault.Description));
        }
    }

    // A message whose time has come gets in line as if it were sent now: under a new number.
    private void Activate(Operation operation, Message message)
    {
        Remove(operation, message);
        Arrive(operation, message with { SequenceNumber = ++_lastNumber });
    }

    private Message Take(Operation operation, Message message, ReceiveMode mode)
    {
        if (mode == ReceiveMode.ReceiveAndDelete)
        {
            Remove(operation, message);
            return message;
        }
        Message locked = message with { Lock = new(Guid.NewGuid(), operation.Now + Options.LockDuration) };
        Replace(operation, message, locked);
        return locked;
    }

    private void Unlock(Operation operation, Message message, IReadOnlyDictionary<string, object?> properties, bool counted)
    {
        Message unlocked = Changed(message, properties) with { Lock = null, DeliveryCount = message.DeliveryCount + (counted ? 1 : 0) };
        if (counted && DeadLetters is not null && unlocked.DeliveryCount >= Options.MaxDeliveryCount)
        {
            MoveToDeadLetters(operation, message, unlocked, "MaxDeliveryCountExceeded",
                $"Message could not be consumed after {unlocked.DeliveryCount} delivery attempts.");
            return;
        }
        Replace(operation, message, unlocked);
        operation.Touch(this);
    }

    private void UnlockSession(Operation operation, string session, bool counted)
    {
        operation.Touch(this);
        foreach (long number in _locks.Values.Where(number => _messages[number].SessionId == session).Order().ToArray())
            Unlock(operation, _messages[number], Message.NoProperties, counted);
    }

    private void MoveToDeadLetters(Operation operation, Message message, Message changed, string? reason, string? description)
    {
        Remove(operation, message);
        DeadLetters!.Enqueue(operation, AsDeadLetter(changed, reason, description));
    }

    private Message AsDeadLetter(Message message, string? reason, string? description)
    {
        var why = new Dictionary<string, object?>();
        if (reason is not null) why["DeadLetterReason"] = reason;
        if (description is not null) why["DeadLetterErrorDescription"] = description;
        return Changed(message, why) with { Lock = null, ScheduledFor = null, DeadLetterSource = Name };
    }

    private static Message Changed(Message message, IReadOnlyDictionary<string, object?> properties)
    {
        if (properties.Count == 0) return message;
        var changed = new Dictionary<string, object?>(message.ChangedProperties);
        foreach ((string name, object? value) in properties) changed[name] = value;
        return message with { ChangedProperties = changed };
    }

    private void CheckDeadLetters()
    {
        if (DeadLetters is null)
            throw new BrokerException(Refusal.NotAllowed, $"'{Name}' holds dead letters: complete, abandon or defer its messages.");
    }

    private Message Held(Guid token)
    {
        if (_locks.TryGetValue(token, out long number)) return _messages[number];
        throw Options.RequiresSession
            ? new BrokerException(Refusal.SessionLockLost, "The lock of the message's session was lost, or the message is settled already.")
            : new BrokerException(
                Refusal.MessageLockLost,
                "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.");
    }

    private Message Find(long number, MessageState state) =>
        _messages.TryGetValue(number, out Message? message) && message.State == state ? message : throw NotFound(number);

    private BrokerException NotFound(long number) => new(
        Refusal.MessageNotFound, $"'{Name}' has no such message with the sequence number {number}: it is settled, locked, or never was.");

    private BrokerException Disabled() => new(
        Refusal.EntityDisabled,
        $"The messaging entity '{Name}' does not allow this now: its status is {Options.Status}. Set it to Active.");

    private BrokerException? WhyNoReceivers() => !Options.GivesMessages ? Disabled()
        : Options.ForwardTo is { } target && Kind != EntityKind.DeadLetterQueue
            ? new BrokerException(
                Refusal.NotAllowed, $"Nobody can receive from '{Name}': it forwards its messages to '{target}'. Receive there.")
            : null;

    private void Add(Operation operation, Message message)
    {
        operation.Changes.Add(new MessageAdded(Name, message));
        operation.Touch(this);
        Put(message);
    }

    private void Replace(Operation operation, Message old, Message message)
    {
        operation.Changes.Add(new MessageChanged(Name, message));
        Unindex(old);
        _messages[message.SequenceNumber] = message;
        Index(message);
    }

    private void Remove(Operation operation, Message message)
    {
        operation.Changes.Add(new MessageRemoved(Name, message.SequenceNumber));
        Unindex(message);
        _bytes -= message.Content.Length;
        _messages.Remove(message.SequenceNumber);
        _numbers.Remove(message.SequenceNumber);
    }

    private void Put(Message message)
    {
        _messages.Add(message.SequenceNumber, message);
        _bytes += message.Content.Length;
        _numbers.Add(message.SequenceNumber);
        Index(message);
    }

    private void Index(Message message)
    {
        if (message.Lock is { } held) _locks.Add(held.Token, message.SequenceNumber);
        else if (message.State == MessageState.Active) _ready.Add(message);
        if (DueOf(message) is { } due) _deadlines.Add(new Deadline(due, this, message.SequenceNumber));
    }

    private void Unindex(Message message)
    {
        if (message.Lock is { } held) _locks.Remove(held.Token);
        else if (message.State == MessageState.Active) _ready.Remove(message);
        if (DueOf(message) is { } due) _deadlines.Remove(new Deadline(due, this, message.SequenceNumber));
    }

    // A locked message never expires; one that is locked in a session is freed by the session's own deadline.
    private DateTimeOffset? DueOf(Message message) => message switch
    {
        { Lock: { } held } => Options.RequiresSession ? null : held.Until,
        { State: MessageState.Scheduled } => message.ScheduledFor,
        _ => message.ExpiresAt,
    };

    private static TimeSpan? Shorter(TimeSpan? one, TimeSpan? other) => one is null ? other : other < one ? other : one;
}
