namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What kind of thing an address names.</summary>
public enum EntityKind
{
    /// <summary>A queue: messages go in and out.</summary>
    Queue,

    /// <summary>A topic: messages go in; its subscriptions get copies.</summary>
    Topic,

    /// <summary>A subscription of a topic: messages come out.</summary>
    Subscription,

    /// <summary>What a queue or subscription gave up: messages come out.</summary>
    DeadLetterQueue,
}

/// <summary>
/// One addressable thing of a broker. Every call is one operation: it happens at once and alone, and its task ends when it is durable.
/// </summary>
public sealed class Entity
{
    private readonly MessageBroker _broker;
    private readonly EntityState _state;

    internal Entity(MessageBroker broker, EntityState state) => (_broker, _state) = (broker, state);

    /// <summary>Its address.</summary>
    public string Name => _state.Name;

    /// <summary>What kind of thing it is.</summary>
    public EntityKind Kind => _state.Kind;

    /// <summary>How it behaves.</summary>
    public EntityOptions Options => _state.Options;

    /// <summary>Takes messages, all or none.</summary>
    /// <returns>Their sequence numbers; 0 for a duplicate, which is dropped.</returns>
    /// <exception cref="BrokerException">One of them may not be sent here.</exception>
    public async Task<long[]> SendAsync(IReadOnlyList<IncomingMessage> messages)
    {
        CheckSend(messages);
        return await _broker.RunAsync(operation => messages.Select(message => _state.Send(operation, message)).ToArray());
    }

    /// <summary>Sends messages once a transaction is committed.</summary>
    /// <returns>Their sequence numbers.</returns>
    /// <exception cref="BrokerException">One of them may not be sent here.</exception>
    internal async Task<long[]> SendAsync(IReadOnlyList<IncomingMessage> messages, Transaction transaction)
    {
        CheckSend(messages);
        long[] numbers = await _broker.RunAsync(_ => messages.Select(_ => _state.Reserve()).ToArray());
        transaction.Add(() => CheckSend(messages), operation =>
        {
            foreach ((IncomingMessage message, long number) in messages.Zip(numbers)) _state.SendReserved(operation, message, number);
        });
        return numbers;
    }

    private void CheckSend(IReadOnlyList<IncomingMessage> messages)
    {
        if (Kind is EntityKind.Subscription or EntityKind.DeadLetterQueue)
            throw new BrokerException(Refusal.NotAllowed, $"Nothing can be sent to '{Name}': send to its queue or topic.");
        if (Options.RequiresSession && messages.Any(message => message.SessionId is null))
        {
            throw new BrokerException(
                Refusal.NotAllowed,
                $"The SessionId was not set on a message, and it cannot be sent to '{Name}': entities with sessions take only messages that have one.");
        }
    }

    /// <summary>Takes back scheduled messages.</summary>
    /// <exception cref="BrokerException">One of them is not scheduled; the ones before it are cancelled.</exception>
    public Task CancelScheduledAsync(IEnumerable<long> sequenceNumbers) => _broker.RunAsync(operation =>
    {
        foreach (long number in sequenceNumbers) _state.CancelScheduled(operation, number);
    });

    /// <summary>Takes back scheduled messages once a transaction is committed.</summary>
    /// <exception cref="BrokerException">One of them is not scheduled.</exception>
    internal Task CancelScheduledAsync(IReadOnlyList<long> sequenceNumbers, Transaction transaction) => _broker.RunAsync(_ =>
    {
        foreach (long number in sequenceNumbers)
        {
            _state.CheckScheduled(number);
            if (transaction.TryClaim((this, number)))
                transaction.Add(() => _state.CheckScheduled(number), operation => _state.CancelScheduled(operation, number));
        }
    });

    /// <summary>Shows messages in any state without touching them.</summary>
    public Task<List<Message>> PeekAsync(long fromSequenceNumber, int count, string? sessionId = null) =>
        _broker.RunAsync(_ => _state.Peek(fromSequenceNumber, count, sessionId));

    /// <summary>Takes deferred messages.</summary>
    /// <exception cref="BrokerException">One of them is not deferred, or held by somebody; the ones before it are taken.</exception>
    public Task<List<Message>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, ReceiveMode mode, string? sessionId = null) =>
        _broker.RunAsync(operation =>
            sequenceNumbers.Select(number => _state.ReceiveDeferred(operation, number, mode, sessionId)).ToList());

    /// <summary>Lengthens the hold on a message.</summary>
    /// <returns>Its new end.</returns>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task<DateTimeOffset> RenewLockAsync(Guid lockToken) =>
        _broker.RunAsync(operation => _state.RenewLock(operation, lockToken));

    /// <summary>Does what a receiver decided about a message that it holds.</summary>
    /// <exception cref="BrokerException">The hold is gone, or the decision cannot be carried out here.</exception>
    internal Task SettleAsync(Guid lockToken, Settlement settlement) => _broker.RunAsync(operation => _state.Settle(operation, lockToken, settlement));

    /// <summary>Settles a message once a transaction is committed; until then it stays locked.</summary>
    /// <exception cref="BrokerException">The hold is gone, or the decision cannot be carried out here.</exception>
    internal Task SettleAsync(Guid lockToken, Settlement settlement, Transaction transaction) => _broker.RunAsync(_ =>
    {
        _state.CheckSettlement(lockToken, settlement);
        if (!transaction.TryClaim(lockToken))
            throw new BrokerException(Refusal.MessageLockLost, "The message was settled in this transaction already.");
        transaction.Add(() => _state.CheckSettlement(lockToken, settlement), operation => _state.Settle(operation, lockToken, settlement));
    });

    /// <summary>Removes a message that is done with.</summary>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task CompleteAsync(Guid lockToken) => _broker.RunAsync(operation => _state.Complete(operation, lockToken));

    /// <summary>Gives a message back, counting the delivery.</summary>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task AbandonAsync(Guid lockToken, IReadOnlyDictionary<string, object?>? properties = null) =>
        _broker.RunAsync(operation => _state.Abandon(operation, lockToken, properties ?? Message.NoProperties));

    /// <summary>Gives a message back that its receiver has not seen; nothing happens when the hold is gone.</summary>
    public Task ReleaseAsync(Guid lockToken) => _broker.RunAsync(operation => _state.Release(operation, lockToken));

    /// <summary>Sets a message aside for whoever asks for it by number.</summary>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task DeferAsync(Guid lockToken, IReadOnlyDictionary<string, object?>? properties = null) =>
        _broker.RunAsync(operation => _state.Defer(operation, lockToken, properties ?? Message.NoProperties));

    /// <summary>Moves a message to the dead letters.</summary>
    /// <exception cref="BrokerException">The hold is gone, or these are the dead letters.</exception>
    public Task DeadLetterAsync(
        Guid lockToken, string? reason, string? description, IReadOnlyDictionary<string, object?>? properties = null) =>
        _broker.RunAsync(operation => _state.DeadLetter(operation, lockToken, reason, description, properties ?? Message.NoProperties));

    /// <summary>Adds a receiver without credit.</summary>
    /// <param name="mode">What becomes of the messages it is given.</param>
    /// <param name="session">The session that it holds, where the entity has sessions.</param>
    /// <param name="receive">Called with what it is given, inside the broker's lock: it must neither wait nor call the broker.</param>
    /// <exception cref="BrokerException">The entity does not give messages to such a receiver.</exception>
    public Receiver Attach(ReceiveMode mode, SessionLease? session, Action<Handover> receive)
    {
        if (Kind == EntityKind.Topic)
            throw new BrokerException(Refusal.NotAllowed, $"'{Name}' is a topic: receive from one of its subscriptions.");
        if (Options.RequiresSession && session is null)
        {
            throw new BrokerException(
                Refusal.NotAllowed, $"It is not possible to receive from '{Name}', which requires sessions, without accepting one.");
        }
        var receiver = new Receiver(mode, session, receive);
        if (session is not null) _broker.Run(_ => _state.Sessions.Attach(session, receiver));
        return receiver;
    }

    /// <summary>Lets a receiver have messages until it was given so many in all.</summary>
    /// <param name="receiver">The receiver.</param>
    /// <param name="limit">The count up to which it may be given messages (it wraps around).</param>
    /// <param name="drain">Whether credit that is left without a message is used up at once.</param>
    public Task SetLimitAsync(Receiver receiver, uint limit, bool drain) =>
        _broker.RunAsync(operation => _state.SetLimit(operation, receiver, limit, drain));

    /// <summary>Ends a receiver. What it holds stays locked until the locks run out; a session it holds is free at once.</summary>
    public Task DetachAsync(Receiver receiver) => _broker.RunAsync(operation => _state.Detach(operation, receiver));

    /// <summary>Takes hold of a session.</summary>
    /// <exception cref="BrokerException">Somebody holds it, or the entity has no sessions.</exception>
    public Task<SessionLease> AcceptSessionAsync(string sessionId) =>
        _broker.RunAsync(operation => _state.Sessions.Take(operation, sessionId));

    /// <summary>Takes hold of any session that nobody holds and that has a message, as soon as there is one.</summary>
    /// <exception cref="OperationCanceledException">There was none until then.</exception>
    public async Task<SessionLease> AcceptNextSessionAsync(CancellationToken cancellationToken)
    {
        var taken = new TaskCompletionSource<SessionLease>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<Action<SessionLease>> waiting = await _broker.RunAsync(operation =>
        {
            operation.Touch(_state);
            return _state.Sessions.Wait(taken.SetResult);
        });
        await using CancellationTokenRegistration given = cancellationToken.Register(() => _broker.Run(_ =>
        {
            _state.Sessions.StopWaiting(waiting);
            taken.TrySetCanceled(cancellationToken);
        }));
        return await taken.Task;
    }

    /// <summary>Gives up the hold on a session that no receiver was attached for.</summary>
    public Task ReleaseSessionAsync(SessionLease lease) => _broker.RunAsync(operation => _state.ReleaseSession(operation, lease));

    /// <summary>Lengthens the hold on a session.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    public Task<SessionLease> RenewSessionAsync(string sessionId) =>
        _broker.RunAsync(operation => _state.Sessions.Renew(operation, sessionId));

    /// <summary>What the holder of a session noted about it; null: nothing.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    public Task<byte[]?> GetSessionStateAsync(string sessionId) => _broker.RunAsync(_ => _state.Sessions.State(sessionId));

    /// <summary>Notes something about a session; null: forgets it.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    public Task SetSessionStateAsync(string sessionId, byte[]? state) =>
        _broker.RunAsync(operation => _state.Sessions.SetState(operation, sessionId, state));

    /// <summary>Notes something about a session once a transaction is committed.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    internal Task SetSessionStateAsync(string sessionId, byte[]? state, Transaction transaction) => _broker.RunAsync(_ =>
    {
        _state.Sessions.State(sessionId);
        transaction.Add(() => _state.Sessions.State(sessionId), operation => _state.Sessions.SetState(operation, sessionId, state));
    });
}
