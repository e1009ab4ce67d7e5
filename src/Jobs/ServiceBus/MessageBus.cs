using System.Collections.Concurrent;
using Azure.Core;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>
/// A connection to a Service Bus namespace, by Microsoft's client: opened when it is first used, opened anew after it broke, safe for
/// several callers at once. An entity is <c>queue</c>, <c>queue/$deadletterqueue</c>, <c>topic</c> (to send) or
/// <c>topic/Subscriptions/name</c> (to receive).
/// </summary>
/// <remarks>Every method throws <see cref="MessageBusException"/> when the broker refuses, or cannot be reached.</remarks>
public sealed class MessageBus : IAsyncDisposable
{
    private const string DeadLetterSuffix = "/$deadletterqueue", SubscriptionPart = "/Subscriptions/";

    private const int LongestText = 4096;

    private readonly Lazy<BusConnection> _connection;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, ServiceBusSender> _senders = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, ServiceBusReceiver> _receivers = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A connection to what the options name; nothing is opened yet.</summary>
    /// <param name="options">Where, and the key where there is one.</param>
    /// <param name="credential">Who this process is, for a namespace without a key.</param>
    /// <param name="logger">Told of messages that cannot be decoded.</param>
    public MessageBus(IOptions<ServiceBusOptions> options, Lazy<TokenCredential> credential, ILogger<MessageBus> logger) =>
        (_connection, _logger) = (new(() => BusConnection.Open(options.Value, credential), LazyThreadSafetyMode.PublicationOnly), logger);

    /// <summary>
    /// Sends messages in their order; returns when the broker has confirmed each. After an exception some may have been accepted: send
    /// all again under the same ids.
    /// </summary>
    public Task SendAsync(string entity, IReadOnlyCollection<ServiceBusMessage> messages, CancellationToken cancellation = default) =>
        RunAsync($"Sending to \"{entity}\"", async () =>
        {
            ServiceBusSender sender = _senders.GetOrAdd(entity, name => _connection.Value.Client.CreateSender(name));
            ServiceBusMessageBatch? batch = null;
            try
            {
                foreach (ServiceBusMessage message in messages)
                {
                    if (messages.Count > 1)
                    {
                        batch ??= await sender.CreateMessageBatchAsync(cancellation);
                        if (batch.TryAddMessage(message)) continue;
                        batch = await SendAsync(sender, batch, cancellation);
                        if (batch.TryAddMessage(message)) continue;
                    }
                    await SendAloneAsync(sender, message, cancellation); // a namespace may take messages that are larger than its batches
                }
                if (batch is { Count: > 0 }) await sender.SendMessagesAsync(batch, cancellation);
            }
            finally
            {
                batch?.Dispose();
            }
        }, cancellation);

    /// <summary>
    /// Takes messages and locks them for this caller (peek-lock); returns as soon as there is one, with what else was there, or an
    /// empty list after <paramref name="wait"/>. Nothing but what it returns is left locked, and those that cannot be decoded.
    /// </summary>
    public Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveAsync(
        string entity, int maximumCount, TimeSpan wait, CancellationToken cancellation = default) =>
        RunAsync($"Receiving from \"{entity}\"",
            () => new Reception(CreateReceiver(entity), entity, _logger).TakeAsync(maximumCount, wait, cancellation), cancellation);

    /// <summary>Looks at messages without locking them, in order of their sequence numbers, from <paramref name="fromSequenceNumber"/> on.</summary>
    public Task<PeekedMessages> PeekAsync(
        string entity, long fromSequenceNumber, int maximumCount, CancellationToken cancellation = default) =>
        RunAsync($"Looking into \"{entity}\"",
            () => new MessagePeeker(Receiver(entity)).PeekAsync(fromSequenceNumber, maximumCount, cancellation), cancellation);

    /// <summary>Removes a message; returns when the broker has confirmed it.</summary>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again.</exception>
    public Task CompleteAsync(string entity, ServiceBusReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Completing", entity, message, receiver => receiver.CompleteMessageAsync(message, cancellation), cancellation);

    /// <summary>Gives a message back at once, with one more delivery counted; returns when the broker has confirmed it.</summary>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again anyway.</exception>
    public Task AbandonAsync(string entity, ServiceBusReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync(
            "Giving back", entity, message, receiver => receiver.AbandonMessageAsync(message, cancellationToken: cancellation), cancellation);

    /// <summary>Moves a message to its entity's dead-letter queue; returns when the broker has confirmed it.</summary>
    /// <param name="entity">Where it was received.</param>
    /// <param name="message">The message, as it was received.</param>
    /// <param name="reason">A short stable name of what is wrong with it.</param>
    /// <param name="description">What is wrong, and what to do, for people.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again.</exception>
    public Task DeadLetterAsync(
        string entity, ServiceBusReceivedMessage message, string reason, string description, CancellationToken cancellation = default) => SettleAsync(
            "Dead-lettering", entity, message, receiver => receiver.DeadLetterMessageAsync(message, reason, Shortened(description), cancellation), cancellation);

    /// <summary>The SDK's processor of an entity, which takes one message at a time for each of its calls; the caller starts and disposes it.</summary>
    /// <exception cref="MessageBusException">Service Bus is off, or its settings cannot be read.</exception>
    public ServiceBusProcessor CreateProcessor(string entity, int callCount) =>
        _connection.Value.Client.CreateProcessor(entity, new ServiceBusProcessorOptions
        {
            AutoCompleteMessages = false,
            MaxAutoLockRenewalDuration = TimeSpan.Zero,
            MaxConcurrentCalls = callCount,
        });

    /// <summary>As much of a text as a dead letter's reason and description may have.</summary>
    public static string Shortened(string text) => text.Length <= LongestText ? text : text[..(LongestText - 3)] + "...";

    /// <summary>Whether a receive or a look may have failed because of what is in a message: the SDK has no reason of its own for that.</summary>
    public static bool IsUndecodable(Exception exception) => BusFailure.IsUndecodable(exception);

    /// <summary>What an exception of the SDK means, in words that people can act on.</summary>
    /// <param name="doing">What was tried, such as <c>Receiving from "jobs"</c>.</param>
    /// <param name="exception">What was thrown.</param>
    public Exception Explain(string doing, Exception exception) => BusFailure.Of(exception, doing, () => _connection.Value.Endpoint) ?? exception;

    /// <summary>Asks whether the broker answers and opens <paramref name="entity"/> to this process; returns when it does.</summary>
    public Task CheckAsync(string entity, CancellationToken cancellation = default) => PeekAsync(entity, 0, 1, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection.IsValueCreated) await _connection.Value.Client.DisposeAsync();
    }

    // Messages are settled over another link than the one that brought them, which is closed by then: the SDK sends a request for each.
    private Task SettleAsync(
        string doing, string entity, ServiceBusReceivedMessage message, Func<ServiceBusReceiver, Task> settle, CancellationToken cancellation) =>
        RunAsync($"{doing} message {message.MessageId} of \"{entity}\"", () => settle(Receiver(entity)), cancellation);

    private ServiceBusReceiver Receiver(string entity) => _receivers.GetOrAdd(entity, CreateReceiver);

    private ServiceBusReceiver CreateReceiver(string entity)
    {
        var options = new ServiceBusReceiverOptions();
        if (entity.EndsWith(DeadLetterSuffix, StringComparison.OrdinalIgnoreCase))
        {
            options.SubQueue = SubQueue.DeadLetter;
            entity = entity[..^DeadLetterSuffix.Length];
        }
        int subscription = entity.IndexOf(SubscriptionPart, StringComparison.OrdinalIgnoreCase);
        return subscription < 0
            ? _connection.Value.Client.CreateReceiver(entity, options)
            : _connection.Value.Client.CreateReceiver(entity[..subscription], entity[(subscription + SubscriptionPart.Length)..], options);
    }

    private async Task RunAsync(string doing, Func<Task> operation, CancellationToken cancellation) => await RunAsync(doing, async () =>
    {
        await operation();
        return true;
    }, cancellation);

    private async Task<T> RunAsync<T>(string doing, Func<Task<T>> operation, CancellationToken cancellation)
    {
        try
        {
            return await operation();
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested
            && Explain(doing, exception) is MessageBusException failure && failure != exception)
        {
            throw failure;
        }
    }

    private static async Task<ServiceBusMessageBatch> SendAsync(ServiceBusSender sender, ServiceBusMessageBatch batch, CancellationToken cancellation)
    {
        if (batch.Count == 0) return batch;
        using (batch) await sender.SendMessagesAsync(batch, cancellation);
        return await sender.CreateMessageBatchAsync(cancellation);
    }

    private Task SendAloneAsync(ServiceBusSender sender, ServiceBusMessage message, CancellationToken cancellation) =>
        RunAsync($"Sending message {message.MessageId} to \"{sender.EntityPath}\"", () => sender.SendMessageAsync(message, cancellation), cancellation);
}
