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

    /// <summary>What a queue or subscription gave up, or could not forward: messages come out.</summary>
    DeadLetterQueue,
}

/// <summary>
/// An address of a broker. Every call is one operation on the entity that has the address then: it happens at once and alone, and its
/// task ends when it is durable. All of them are refused when the entity was deleted, and work again when it was made again.
/// </summary>
public sealed class Entity
{
    private readonly MessageBroker _broker;
    private readonly EntityDirectory _directory;

    internal Entity(MessageBroker broker, EntityDirectory directory, string name) => (_broker, _directory, Name) =
        (broker, directory, name);

    /// <summary>Its address.</summary>
    public string Name { get; }

    /// <summary>What kind of thing it is.</summary>
    public EntityKind Kind => State.Kind;

    /// <summary>How it behaves.</summary>
    public EntityOptions Options => State.Options;

    /// <summary>The rules of a subscription, in the order in which they were made.</summary>
    public IReadOnlyList<Rule> Rules => State.Rules;

    /// <summary>The entity that has the address now.</summary>
    private EntityState State => _directory.Get(Name);

    /// <summary>Takes messages, all or none.</summary>
    /// <returns>Their sequence numbers; 0 for a duplicate, which is dropped.</returns>
    /// <exception cref="BrokerException">One of them may not be sent here.</exception>
    public Task<long[]> SendAsync(IReadOnlyList<IncomingMessage> messages) => RunAsync(operation =>
    {
        EntityState state = State;
        state.CheckSend(messages);
        return messages.Select(message => state.Send(operation, message)).ToArray();
    });

    /// <summary>Sends messages once a transaction is committed.</summary>
    /// <returns>Their sequence numbers.</returns>
    /// <exception cref="BrokerException">One of them may not be sent here.</exception>
    internal Task<long[]> SendAsync(IReadOnlyList<IncomingMessage> messages, Transaction transaction) => RunAsync(_ =>
    {
        State.CheckSend(messages);
        long[] numbers = [.. messages.Select(_ => State.Reserve())];
        transaction.Add(() => State.CheckSend(messages), operation =>
        {
            foreach ((IncomingMessage message, long number) in messages.Zip(numbers)) State.SendReserved(operation, message, number);
        });
        return numbers;
    });

    /// <summary>Takes back scheduled messages.</summary>
    /// <exception cref="BrokerException">One of them is not scheduled; the ones before it are cancelled.</exception>
    public Task CancelScheduledAsync(IEnumerable<long> sequenceNumbers) => RunAsync(operation =>
    {
        foreach (long number in sequenceNumbers) State.CancelScheduled(operation, number);
    });

    /// <summary>Takes back scheduled messages once a transaction is committed.</summary>
    /// <exception cref="BrokerException">One of them is not scheduled.</exception>
    internal Task CancelScheduledAsync(IReadOnlyList<long> sequenceNumbers, Transaction transaction) => RunAsync(_ =>
    {
        foreach (long number in sequenceNumbers)
        {
            State.CheckScheduled(number);
            if (transaction.TryClaim((Name, number)))
                transaction.Add(() => State.CheckScheduled(number), operation => State.CancelScheduled(operation, number));
        }
    });

    /// <summary>Shows messages in any state without touching them.</summary>
    public Task<List<Message>> PeekAsync(long fromSequenceNumber, int count, string? sessionId = null) =>
        RunAsync(_ => State.Peek(fromSequenceNumber, count, sessionId));

    /// <summary>Removes messages that nobody holds, the oldest first.</summary>
    /// <returns>How many.</returns>
    public Task<int> DeleteAsync(int count, DateTimeOffset enqueuedBefore, string? sessionId = null) =>
        RunAsync(operation => State.Delete(operation, count, enqueuedBefore, sessionId));

    /// <summary>The sessions that have a message or a state, in the order of their names.</summary>
    /// <exception cref="BrokerException">The entity has no sessions.</exception>
    public Task<string[]> ListSessionsAsync() => RunAsync(_ => State.ListSessions());

    /// <summary>Takes deferred messages.</summary>
    /// <exception cref="BrokerException">One of them is not deferred, or held by somebody; the ones before it are taken.</exception>
    public Task<List<Message>> ReceiveDeferredAsync(IReadOnlyList<long> sequenceNumbers, ReceiveMode mode, string? sessionId = null) =>
        RunAsync(operation =>
            sequenceNumbers.Select(number => State.ReceiveDeferred(operation, number, mode, sessionId)).ToList());

    /// <summary>Lengthens the hold on a message.</summary>
    /// <returns>Its new end.</returns>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task<DateTimeOffset> RenewLockAsync(Guid lockToken) =>
        RunAsync(operation => State.RenewLock(operation, lockToken));

    /// <summary>Does what a receiver decided about a message that it holds.</summary>
    /// <exception cref="BrokerException">The hold is gone, or the decision cannot be carried out here.</exception>
    internal Task SettleAsync(Guid lockToken, Settlement settlement) =>
        RunAsync(operation => State.Settle(operation, lockToken, settlement));

    /// <summary>Settles a message once a transaction is committed; until then it stays locked.</summary>
    /// <exception cref="BrokerException">The hold is gone, or the decision cannot be carried out here.</exception>
    internal Task SettleAsync(Guid lockToken, Settlement settlement, Transaction transaction) => RunAsync(_ =>
    {
        State.CheckSettlement(lockToken, settlement);
        if (!transaction.TryClaim(lockToken))
            throw new BrokerException(Refusal.MessageLockLost, "The message was settled in this transaction already.");
        transaction.Add(() => State.CheckSettlement(lockToken, settlement), operation => State.Settle(operation, lockToken, settlement));
    });

    /// <summary>Removes a message that is done with.</summary>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task CompleteAsync(Guid lockToken) => RunAsync(operation => State.Complete(operation, lockToken));

    /// <summary>Gives a message back, counting the delivery.</summary>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task AbandonAsync(Guid lockToken, IReadOnlyDictionary<string, object?>? properties = null) =>
        RunAsync(operation => State.Abandon(operation, lockToken, properties ?? Message.NoProperties));

    /// <summary>Gives a message back that its receiver has not seen; nothing happens when the hold is gone.</summary>
    public Task ReleaseAsync(Guid lockToken) => _broker.RunAsync(operation => Found?.Release(operation, lockToken));

    /// <summary>Sets a message aside for whoever asks for it by number.</summary>
    /// <exception cref="BrokerException">The hold is gone.</exception>
    public Task DeferAsync(Guid lockToken, IReadOnlyDictionary<string, object?>? properties = null) =>
        RunAsync(operation => State.Defer(operation, lockToken, properties ?? Message.NoProperties));

    /// <summary>Moves a message to the dead letters.</summary>
    /// <exception cref="BrokerException">The hold is gone, or these are the dead letters.</exception>
    public Task DeadLetterAsync(
        Guid lockToken, string? reason, string? description, IReadOnlyDictionary<string, object?>? properties = null) =>
        RunAsync(operation => State.DeadLetter(operation, lockToken, reason, description, properties ?? Message.NoProperties));

    /// <summary>Adds a receiver without credit.</summary>
    /// <param name="mode">What becomes of the messages it is given.</param>
    /// <param name="session">The session that it holds, where the entity has sessions.</param>
    /// <param name="receive">Called with what it is given, inside the broker's lock: it must neither wait nor call the broker.</param>
    /// <exception cref="BrokerException">The entity does not give messages to such a receiver.</exception>
    public Receiver Attach(ReceiveMode mode, SessionLease? session, Action<Handover> receive)
    {
        var receiver = new Receiver(mode, session, receive);
        _broker.Run(operation => Used(operation).Attach(receiver));
        return receiver;
    }

    /// <summary>Lets a receiver have messages until it was given so many in all.</summary>
    /// <param name="receiver">The receiver.</param>
    /// <param name="limit">The count up to which it may be given messages (it wraps around).</param>
    /// <param name="drain">Whether credit that is left without a message is used up at once.</param>
    public Task SetLimitAsync(Receiver receiver, uint limit, bool drain) =>
        RunAsync(operation => State.SetLimit(operation, receiver, limit, drain));

    /// <summary>Ends a receiver. What it holds stays locked until the locks run out; a session it holds is free at once.</summary>
    public Task DetachAsync(Receiver receiver) => _broker.RunAsync(operation => Found?.Detach(operation, receiver));

    /// <summary>Takes hold of a session.</summary>
    /// <exception cref="BrokerException">Somebody holds it, or the entity has no sessions.</exception>
    public Task<SessionLease> AcceptSessionAsync(string sessionId) =>
        RunAsync(operation =>
        {
            State.CheckReceive();
            return State.Sessions.Take(operation, sessionId);
        });

    /// <summary>Takes hold of any session that nobody holds and that has a message, as soon as there is one.</summary>
    /// <exception cref="OperationCanceledException">There was none until then.</exception>
    public async Task<SessionLease> AcceptNextSessionAsync(CancellationToken cancellationToken)
    {
        var taken = new TaskCompletionSource<SessionLease>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<SessionLease>> waiting = await RunAsync(operation =>
        {
            State.CheckReceive();
            operation.Touch(State);
            return State.Sessions.Wait(taken);
        });
        await using CancellationTokenRegistration given = cancellationToken.Register(() => _broker.Run(_ =>
        {
            Sessions.StopWaiting(waiting);
            taken.TrySetCanceled(cancellationToken);
        }));
        return await taken.Task;
    }

    /// <summary>Gives up the hold on a session that no receiver was attached for.</summary>
    public Task ReleaseSessionAsync(SessionLease lease) => _broker.RunAsync(operation => Found?.ReleaseSession(operation, lease));

    /// <summary>Lengthens the hold on a session.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    public Task<SessionLease> RenewSessionAsync(string sessionId) =>
        RunAsync(operation => State.Sessions.Renew(operation, sessionId));

    /// <summary>What the holder of a session noted about it; null: nothing.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    public Task<byte[]?> GetSessionStateAsync(string sessionId) => RunAsync(_ => State.Sessions.State(sessionId));

    /// <summary>Notes something about a session; null: forgets it.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    public Task SetSessionStateAsync(string sessionId, byte[]? state) =>
        RunAsync(operation => State.Sessions.SetState(operation, sessionId, state));

    /// <summary>Notes something about a session once a transaction is committed.</summary>
    /// <exception cref="BrokerException">Nobody holds it.</exception>
    internal Task SetSessionStateAsync(string sessionId, byte[]? state, Transaction transaction) => RunAsync(_ =>
    {
        State.Sessions.State(sessionId);
        transaction.Add(() => State.Sessions.State(sessionId), operation => State.Sessions.SetState(operation, sessionId, state));
    });

    /// <summary>Adds a rule to a subscription.</summary>
    /// <exception cref="BrokerException">It has one of that name, or is no subscription.</exception>
    public Task AddRuleAsync(Rule rule) => RunAsync(operation => State.AddRule(operation, rule));

    /// <summary>Finds a rule of a subscription.</summary>
    /// <exception cref="BrokerException">It has none of that name.</exception>
    public Rule GetRule(string name) => State.GetRule(name);

    /// <summary>Puts a rule in the place of the one of its name.</summary>
    /// <exception cref="BrokerException">There is none of that name.</exception>
    public Task ReplaceRuleAsync(Rule rule) => RunAsync(operation => State.ReplaceRule(operation, rule));

    /// <summary>Removes a rule from a subscription.</summary>
    /// <exception cref="BrokerException">It has none of that name.</exception>
    public Task RemoveRuleAsync(string name) => RunAsync(operation => State.RemoveRule(operation, name));

    // For what must not fail when the entity is gone: there is nothing to give back then.
    private EntityState? Found => _directory.Find(Name);

    private EntityState Used(Operation operation)
    {
        EntityState state = State;
        state.Use(operation.Now);
        return state;
    }

    private Task RunAsync(Action<Operation> step) => _broker.RunAsync(operation =>
    {
        Used(operation);
        step(operation);
    });

    private Task<T> RunAsync<T>(Func<Operation, T> step) => _broker.RunAsync(operation =>
    {
        Used(operation);
        return step(operation);
    });
}
