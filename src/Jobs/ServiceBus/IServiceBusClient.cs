namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>
/// A connection to a Service Bus namespace: opened when it is first used, opened anew after it broke, safe for several callers at
/// once. An entity is <c>queue</c>, <c>queue/$deadletterqueue</c>, <c>topic</c> (to send) or <c>topic/Subscriptions/name</c> (to receive).
/// </summary>
/// <remarks>Every method throws <see cref="ServiceBusException"/> when the broker refuses, or cannot be reached.</remarks>
public interface IServiceBusClient : IAsyncDisposable
{
    /// <summary>Sends messages; returns when the broker has confirmed each. After an exception some may have been accepted: send all again under the same ids.</summary>
    Task SendAsync(string entity, IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation = default);

    /// <summary>
    /// Takes messages and locks them for this caller (peek-lock); returns as soon as there is one, with what else was there, or an
    /// empty list after <paramref name="wait"/>. Nothing but what it returns is left locked.
    /// </summary>
    Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(string entity, int maximumCount, TimeSpan wait, CancellationToken cancellation = default);

    /// <summary>Looks at messages without locking them, in order of their sequence numbers, from <paramref name="fromSequenceNumber"/> on.</summary>
    Task<IReadOnlyList<ReceivedMessage>> PeekAsync(string entity, long fromSequenceNumber, int maximumCount, CancellationToken cancellation = default);

    /// <summary>Removes a message; returns when the broker has confirmed it.</summary>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again.</exception>
    Task CompleteAsync(ReceivedMessage message, CancellationToken cancellation = default);

    /// <summary>Gives a message back at once, with one more delivery counted; returns when the broker has confirmed it.</summary>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again anyway.</exception>
    Task AbandonAsync(ReceivedMessage message, CancellationToken cancellation = default);

    /// <summary>Moves a message to its entity's dead-letter queue; returns when the broker has confirmed it.</summary>
    /// <param name="message">The message, as it was received.</param>
    /// <param name="reason">A short stable name of what is wrong with it.</param>
    /// <param name="description">What is wrong, and what to do, for people.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again.</exception>
    Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellation = default);

    /// <summary>Asks whether the broker answers and opens <paramref name="entity"/> to this client; returns when it does.</summary>
    Task CheckAsync(string entity, CancellationToken cancellation = default);
}
