using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.Messaging;

/// <summary>
/// Receives from one entity, one call at a time; what it received may be settled by several callers at once. Disposing it gives back
/// what the broker had sent ahead.
/// </summary>
/// <remarks>Every method throws <see cref="MessageBusException"/> when the broker refuses, or cannot be reached.</remarks>
public sealed class MessageReceiver : IAsyncDisposable
{
    private const int LongestText = 4096; // of a dead letter's reason and description

    // For what is on its way already, when there is a message.
    private static readonly TimeSpan Lull = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly MessageBus _bus;
    private readonly string _entity;
    private readonly ILogger _logger;
    private readonly Lazy<ServiceBusReceiver> _settler;
    private readonly ConcurrentDictionary<string, bool> _held = new(StringComparer.Ordinal); // lock tokens that came over the link
    private ServiceBusReceiver? _link;

    internal MessageReceiver(MessageBus bus, string entity, ILogger logger) =>
        (_bus, _entity, _logger, _settler) = (bus, entity, logger, new(() => bus.CreateReceiver(entity)));

    /// <summary>
    /// Takes messages and locks them for this caller (peek-lock); returns as soon as there is one, with what else was there, or an
    /// empty list after <paramref name="wait"/>. Nothing but what it returns is left locked. A message that cannot be decoded is passed
    /// over: the broker makes it a dead letter after its last delivery.
    /// </summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveAsync(int maximumCount, TimeSpan wait, CancellationToken cancellation = default)
    {
        List<ServiceBusReceivedMessage> messages = [];
        await _bus.RunAsync($"Receiving from \"{_entity}\"", async () =>
        {
            ServiceBusReceiver link = _link ??= _bus.CreateReceiver(_entity);
            ConcurrentQueue<Exception> failures = [];
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

            // As many requests as messages are wanted: one for all would fail as a whole when a single message cannot be decoded, and
            // leave all of them locked. They end when the link does; a request that is cancelled can lose the message that comes just then.
            Task<ServiceBusReceivedMessage?>[] requests = [.. Enumerable.Range(0, maximumCount).Select(_ => TakeAsync(link, wait, enough, failures))];
            Task all = Task.WhenAll(requests);
            if (await Task.WhenAny(all, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, enough.Token)) != all)
            {
                await CloseLinkAsync();
                await Task.WhenAny(all, Task.Delay(CloseLimit, TimeProvider.System, CancellationToken.None));
            }
            foreach (ServiceBusReceivedMessage message in requests.Where(request => request.IsCompletedSuccessfully).Select(request => request.Result).OfType<ServiceBusReceivedMessage>())
            {
                messages.Add(message); // even when cancelled, or cut off: they are locked for this caller
                _held[message.LockToken] = true;
            }
            if (messages.Count < maximumCount) await CloseLinkAsync(); // what did not come is still asked for, and would be locked for nobody
            if (messages.Count == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                if (failures.Count == maximumCount) ExceptionDispatchInfo.Throw(failures.First());
            }
            return true;
        }, cancellation);
        return messages;
    }

    /// <summary>Removes a message; returns when the broker has confirmed it.</summary>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again.</exception>
    public Task CompleteAsync(ServiceBusReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Completing", message, receiver => receiver.CompleteMessageAsync(message, cancellation), cancellation);

    /// <summary>Gives a message back at once, with one more delivery counted; returns when the broker has confirmed it.</summary>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again anyway.</exception>
    public Task AbandonAsync(ServiceBusReceivedMessage message, CancellationToken cancellation = default) =>
        SettleAsync("Giving back", message, receiver => receiver.AbandonMessageAsync(message, cancellationToken: cancellation), cancellation);

    /// <summary>Moves a message to its entity's dead-letter queue; returns when the broker has confirmed it.</summary>
    /// <param name="message">The message, as it was received.</param>
    /// <param name="reason">A short stable name of what is wrong with it.</param>
    /// <param name="description">What is wrong, and what to do, for people.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="MessageLockLostException">The lock has run out: the message comes again.</exception>
    public Task DeadLetterAsync(ServiceBusReceivedMessage message, string reason, string description, CancellationToken cancellation = default) =>
        SettleAsync("Dead-lettering", message,
            receiver => receiver.DeadLetterMessageAsync(message, Shortened(reason), Shortened(description), cancellation), cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseLinkAsync();
        if (_settler.IsValueCreated) await CloseAsync(_settler.Value);
    }

    private async Task<ServiceBusReceivedMessage?> TakeAsync(
        ServiceBusReceiver link, TimeSpan wait, CancellationTokenSource enough, ConcurrentQueue<Exception> failures)
    {
        try
        {
            ServiceBusReceivedMessage? message = await link.ReceiveMessageAsync(wait, CancellationToken.None);
            if (message is not null) enough.CancelAfter(Lull);
            return message;
        }
        catch (Exception exception)
        {
            failures.Enqueue(exception);
            if (BusFailure.IsUndecodable(exception)) _logger.Undecodable(_entity, BusFailure.FirstLine(exception));
            enough.CancelAfter(Lull);
            return null;
        }
    }

    // Over the link that brought it, which is quick, while that is open; else by a request.
    private Task<bool> SettleAsync(
        string doing, ServiceBusReceivedMessage message, Func<ServiceBusReceiver, Task> settle, CancellationToken cancellation) =>
        _bus.RunAsync($"{doing} message {message.MessageId} of \"{_entity}\"", async () =>
        {
            await settle(_link is { IsClosed: false } link && _held.ContainsKey(message.LockToken) ? link : _settler.Value);
            _held.TryRemove(message.LockToken, out _);
            return true;
        }, cancellation);

    private async Task CloseLinkAsync()
    {
        if (Interlocked.Exchange(ref _link, null) is not { } link) return;
        _held.Clear();
        await CloseAsync(link);
    }

    private static async Task CloseAsync(ServiceBusReceiver receiver)
    {
        try
        {
            using var limit = new CancellationTokenSource(CloseLimit);
            await receiver.CloseAsync(limit.Token);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // It is gone, and the broker with it; what was locked comes back when its lock has run out.
        }
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..(LongestText - 3)] + "...";
}
