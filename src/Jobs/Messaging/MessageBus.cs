using System.Collections.Concurrent;
using Azure.Core;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServiceBusOptions = HrNetBatch.Jobs.ServiceBus.ServiceBusOptions;

namespace HrNetBatch.Jobs.Messaging;

/// <summary>
/// A connection to a Service Bus namespace, by Microsoft's client: opened when it is first used, opened anew after it broke, safe for
/// several callers at once. An entity is <c>queue</c>, <c>queue/$deadletterqueue</c>, <c>topic</c> (to send) or
/// <c>topic/Subscriptions/name</c> (to receive).
/// </summary>
/// <remarks>Every method throws <see cref="MessageBusException"/> when the broker refuses, or cannot be reached.</remarks>
public sealed class MessageBus : IAsyncDisposable
{
    private const string DeadLetterSuffix = "/$deadletterqueue", SubscriptionPart = "/Subscriptions/";

    private readonly Lazy<BusConnection> _connection;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, ServiceBusSender> _senders = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, MessagePeeker> _peekers = new(StringComparer.OrdinalIgnoreCase);

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
            return true;
        }, cancellation);

    /// <summary>A receiver of an entity's messages; the caller disposes it.</summary>
    public MessageReceiver OpenReceiver(string entity) => new(this, entity, _logger);

    /// <summary>Looks at messages without locking them, in order of their sequence numbers, from <paramref name="fromSequenceNumber"/> on.</summary>
    public Task<PeekedMessages> PeekAsync(string entity, long fromSequenceNumber, int maximumCount, CancellationToken cancellation = default) =>
        RunAsync($"Looking into \"{entity}\"",
            () => _peekers.GetOrAdd(entity, name => new(CreateReceiver(name))).PeekAsync(fromSequenceNumber, maximumCount, cancellation), cancellation);

    /// <summary>Asks whether the broker answers and opens <paramref name="entity"/> to this process; returns when it does.</summary>
    public Task CheckAsync(string entity, CancellationToken cancellation = default) => PeekAsync(entity, 0, 1, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection.IsValueCreated) await _connection.Value.Client.DisposeAsync();
    }

    /// <summary>The SDK's receiver of an entity.</summary>
    internal ServiceBusReceiver CreateReceiver(string entity, ServiceBusReceiveMode mode = ServiceBusReceiveMode.PeekLock)
    {
        var options = new ServiceBusReceiverOptions { ReceiveMode = mode };
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

    /// <summary>Does something, and says in words that people can act on why it failed.</summary>
    /// <param name="doing">What is tried, such as <c>Sending to "jobs"</c>.</param>
    /// <param name="operation">Does it.</param>
    /// <param name="cancellation">The caller's: an operation that it ended did not fail.</param>
    internal async Task<T> RunAsync<T>(string doing, Func<Task<T>> operation, CancellationToken cancellation)
    {
        try
        {
            return await operation();
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested && BusFailure.Of(exception, doing, () => _connection.Value.Endpoint) is { } failure)
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

    private Task<bool> SendAloneAsync(ServiceBusSender sender, ServiceBusMessage message, CancellationToken cancellation) =>
        RunAsync($"Sending message {message.MessageId} to \"{sender.EntityPath}\"", async () =>
        {
            await sender.SendMessageAsync(message, cancellation);
            return true;
        }, cancellation);
}
