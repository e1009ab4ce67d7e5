using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Azure.Identity;
using Microsoft.Extensions.Options;
using Official = Azure.Messaging.ServiceBus;

namespace HrNetBatch.Jobs.ServiceBus.OfficialClient;

/// <summary>
/// Service Bus by Microsoft's Azure.Messaging.ServiceBus, for feeds that carry the package: <c>-p:ServiceBusClient=official</c>.
/// Written against its published interface; not run where this project is built, because the feed there lacks it.
/// </summary>
internal sealed class OfficialServiceBusClient(IOptions<ServiceBusOptions> options) : IServiceBusClient
{
    private const string DeadLetterSuffix = "/$deadletterqueue", SubscriptionPart = "/Subscriptions/";
    private const int LongestText = 4096; // of a dead letter's reason and description

    private readonly Lazy<Official.ServiceBusClient> _client = new(() => Open(options.Value), LazyThreadSafetyMode.PublicationOnly);
    private readonly ConcurrentDictionary<string, Official.ServiceBusSender> _senders = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Official.ServiceBusReceiver> _receivers = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConditionalWeakTable<ReceivedMessage, Official.ServiceBusReceivedMessage> _received = [];

    /// <inheritdoc/>
    public Task SendAsync(string entity, IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellation = default) =>
        RunAsync($"Sending to \"{entity}\"", async () =>
        {
            Official.ServiceBusSender sender = _senders.GetOrAdd(entity, name => _client.Value.CreateSender(name));
            await Task.WhenAll(messages.Select(message => sender.SendMessageAsync(Write(message), cancellation)));
            return true;
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReceivedMessage>> ReceiveAsync(string entity, int maximumCount, TimeSpan wait, CancellationToken cancellation = default) =>
        RunAsync<IReadOnlyList<ReceivedMessage>>($"Receiving from \"{entity}\"", async () =>
        {
            IReadOnlyList<Official.ServiceBusReceivedMessage> messages = await Receiver(entity).ReceiveMessagesAsync(maximumCount, wait, cancellation);
            return [.. messages.Select(message => Read(message, entity, isPeek: false))];
        });

    /// <inheritdoc/>
    public Task<IReadOnlyList<ReceivedMessage>> PeekAsync(string entity, long fromSequenceNumber, int maximumCount, CancellationToken cancellation = default) =>
        RunAsync<IReadOnlyList<ReceivedMessage>>($"Looking into \"{entity}\"", async () =>
        {
            IReadOnlyList<Official.ServiceBusReceivedMessage> messages = await Receiver(entity).PeekMessagesAsync(maximumCount, fromSequenceNumber, cancellation);
            return [.. messages.Select(message => Read(message, entity, isPeek: true))];
        });

    /// <inheritdoc/>
    public Task CompleteAsync(ReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Completing", message, (receiver, received) => receiver.CompleteMessageAsync(received, cancellation));

    /// <inheritdoc/>
    public Task AbandonAsync(ReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Giving back", message, (receiver, received) => receiver.AbandonMessageAsync(received, cancellationToken: cancellation));

    /// <inheritdoc/>
    public Task DeadLetterAsync(ReceivedMessage message, string reason, string description, CancellationToken cancellation = default) =>
        SettleAsync("Dead-lettering", message, (receiver, received) =>
            receiver.DeadLetterMessageAsync(received, Shortened(reason), Shortened(description), cancellation));

    /// <inheritdoc/>
    public Task CheckAsync(string entity, CancellationToken cancellation = default) => PeekAsync(entity, 0, 1, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client.IsValueCreated) await _client.Value.DisposeAsync();
    }

    private static Official.ServiceBusClient Open(ServiceBusOptions options)
    {
        if (!options.IsOn)
        {
            throw new ServiceBusException(
                $"Service Bus is off: set {ServiceBusOptions.Section}:ConnectionString, or {ServiceBusOptions.Section}:Namespace (`hrnet up` starts a local one).",
                isTransient: false);
        }
        return string.IsNullOrWhiteSpace(options.ConnectionString)
            ? new Official.ServiceBusClient(options.Namespace, new DefaultAzureCredential())
            : new Official.ServiceBusClient(options.ConnectionString);
    }

    private Official.ServiceBusReceiver Receiver(string entity) => _receivers.GetOrAdd(entity, name =>
    {
        var receiverOptions = new Official.ServiceBusReceiverOptions { ReceiveMode = Official.ServiceBusReceiveMode.PeekLock, PrefetchCount = 0 };
        if (name.EndsWith(DeadLetterSuffix, StringComparison.OrdinalIgnoreCase))
        {
            receiverOptions.SubQueue = Official.SubQueue.DeadLetter;
            name = name[..^DeadLetterSuffix.Length];
        }
        int subscription = name.IndexOf(SubscriptionPart, StringComparison.OrdinalIgnoreCase);
        return subscription < 0
            ? _client.Value.CreateReceiver(name, receiverOptions)
            : _client.Value.CreateReceiver(name[..subscription], name[(subscription + SubscriptionPart.Length)..], receiverOptions);
    });

    private Task<bool> SettleAsync(
        string doing, ReceivedMessage message, Func<Official.ServiceBusReceiver, Official.ServiceBusReceivedMessage, Task> settle) =>
        RunAsync($"{doing} message {message.MessageId} of \"{message.Entity}\"", async () =>
        {
            if (!_received.TryGetValue(message, out Official.ServiceBusReceivedMessage? received))
                throw new MessageLockLostException($"{doing} message {message.MessageId}: it was not received by this client.");
            await settle(Receiver(message.Entity), received);
            return true;
        });

    private static Official.ServiceBusMessage Write(ServiceBusMessage message)
    {
        var written = new Official.ServiceBusMessage(message.Body ?? default) { MessageId = message.MessageId };
        if (message.Subject is not null) written.Subject = message.Subject;
        if (message.ContentType is not null) written.ContentType = message.ContentType;
        if (message.CorrelationId is not null) written.CorrelationId = message.CorrelationId;
        if (message.TimeToLive is { } life) written.TimeToLive = life;
        if (message.ScheduledEnqueueTime is { } time) written.ScheduledEnqueueTime = time;
        foreach ((string name, object? value) in message.ApplicationProperties) written.ApplicationProperties[name] = value;
        return written;
    }

    private ReceivedMessage Read(Official.ServiceBusReceivedMessage message, string entity, bool isPeek)
    {
        var read = new ReceivedMessage
        {
            Entity = entity,
            MessageId = message.MessageId,
            Subject = message.Subject,
            ContentType = message.ContentType,
            CorrelationId = message.CorrelationId,
            Body = Body(message),
            ApplicationProperties = message.ApplicationProperties
                .Where(property => property.Key is not ("DeadLetterReason" or "DeadLetterErrorDescription"))
                .ToDictionary(property => property.Key, property => (object?)property.Value, StringComparer.Ordinal),
            TimeToLive = message.TimeToLive == TimeSpan.MaxValue ? null : message.TimeToLive,
            ScheduledEnqueueTime = message.ScheduledEnqueueTime == default ? null : message.ScheduledEnqueueTime,
            SequenceNumber = message.SequenceNumber,
            LockToken = !isPeek && Guid.TryParse(message.LockToken, out Guid token) ? token : Guid.Empty,
            LockedUntil = isPeek ? default : message.LockedUntil,
            DeliveryCount = isPeek ? message.DeliveryCount : Math.Max(0, message.DeliveryCount - 1), // it counts this delivery too
            EnqueuedTime = message.EnqueuedTime,
            DeadLetterReason = message.DeadLetterReason,
            DeadLetterDescription = message.DeadLetterErrorDescription,
        };
        if (!isPeek) _received.Add(read, message);
        return read;
    }

    private static ReadOnlyMemory<byte>? Body(Official.ServiceBusReceivedMessage message)
    {
        try
        {
            return message.Body.ToMemory();
        }
        catch (NotSupportedException)
        {
            return null; // an AMQP value or sequence
        }
    }

    private static async Task<T> RunAsync<T>(string doing, Func<Task<T>> operation)
    {
        try
        {
            return await operation();
        }
        catch (Official.ServiceBusException exception) when (exception.Reason == Official.ServiceBusFailureReason.MessageLockLost)
        {
            throw new MessageLockLostException($"{doing}: {exception.Message} The message comes again.", exception);
        }
        catch (Official.ServiceBusException exception)
        {
            throw new ServiceBusException($"{doing}: {exception.Message}", exception.IsTransient, exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ServiceBusException(
                $"{doing}: {exception.Message} Correct the key in {ServiceBusOptions.Section}:ConnectionString, or give this identity the role Azure Service Bus Data Owner.",
                isTransient: false, exception);
        }
        catch (AuthenticationFailedException exception)
        {
            throw new ServiceBusException($"{doing}: no token of Entra ID ({exception.Message}). Sign in (`az login`) or give this machine an identity.", isTransient: true, exception);
        }
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..(LongestText - 3)] + "...";
}
