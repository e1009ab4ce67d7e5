using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>
/// One peek-lock receive over a link of its own. The SDK leaves open what was asked for and did not come; closing the link is the barrier
/// after which nothing more can arrive, so that no message is ever locked for a caller who has left.
/// </summary>
internal sealed class Reception(ServiceBusReceiver link, string entity, ILogger logger)
{
    private static readonly TimeSpan Lull = TimeSpan.FromMilliseconds(100); // without an arrival, after the first: that was all
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);

    private readonly ConcurrentQueue<Exception> _failures = [];

    /// <summary>Waits for the first message, and ends with what else is there.</summary>
    public async Task<IReadOnlyList<ServiceBusReceivedMessage>> TakeAsync(int maximumCount, TimeSpan wait, CancellationToken cancellation)
    {
        // As many requests as messages are wanted: one for all fails as a whole when a single message cannot be decoded, and leaves all
        // locked. They are not cancelled: a request that is cancelled can lose the message that comes just then.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task<ServiceBusReceivedMessage?>[] requests = [.. Enumerable.Range(0, maximumCount).Select(_ => RequestAsync(wait, over))];
        Task all = Task.WhenAll(requests);
        await Task.WhenAny(all, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, over.Token));
        await CloseAsync();
        await Task.WhenAny(all, Task.Delay(CloseLimit, TimeProvider.System, CancellationToken.None));
        ServiceBusReceivedMessage[] messages = [.. requests.Where(request => request.IsCompletedSuccessfully).Select(request => request.Result)
            .OfType<ServiceBusReceivedMessage>().OrderBy(message => message.SequenceNumber)];
        if (messages.Length > 0) return messages; // even when cancelled, or cut off: they are locked for this caller
        cancellation.ThrowIfCancellationRequested();
        if (_failures.Count == maximumCount) ExceptionDispatchInfo.Throw(_failures.First());
        return messages;
    }

    private async Task<ServiceBusReceivedMessage?> RequestAsync(TimeSpan wait, CancellationTokenSource over)
    {
        try
        {
            ServiceBusReceivedMessage? message = await link.ReceiveMessageAsync(wait, CancellationToken.None);
            if (message is not null) over.CancelAfter(Lull);
            return message;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _failures.Enqueue(exception);
            if (BusFailure.IsUndecodable(exception)) logger.Undecodable(entity, BusFailure.FirstLine(exception));
            over.CancelAfter(Lull);
            return null;
        }
    }

    // Draining it first, the SDK waits for what the broker has on its way.
    private async Task CloseAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(CloseLimit);
            await link.CloseAsync(limit.Token);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The connection is gone. What the broker has locked comes back when its lock has run out.
        }
    }
}
