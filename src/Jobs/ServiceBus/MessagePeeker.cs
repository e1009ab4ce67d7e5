using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>Looks at messages past those that cannot be decoded, of which the SDK does not even say the number.</summary>
internal sealed class MessagePeeker(ServiceBusReceiver receiver)
{
    public async Task<PeekedMessages> PeekAsync(long from, int maximumCount, CancellationToken cancellation)
    {
        List<ServiceBusReceivedMessage> messages = [];
        List<long> undecodable = [];
        int pageCount = maximumCount;
        while (messages.Count + undecodable.Count < maximumCount)
        {
            pageCount = Math.Min(pageCount, maximumCount - messages.Count - undecodable.Count);
            if (await TryPeekAsync(from, pageCount, cancellation) is { } page)
            {
                if (page.Count == 0) break;
                messages.AddRange(page);
                from = page[^1].SequenceNumber + 1;
                pageCount = maximumCount;
            }
            else if (pageCount > 1)
            {
                pageCount /= 2; // one of them is at fault: fewer, until it stands alone
            }
            else
            {
                undecodable.Add(await FindAsync(from, cancellation));
                from = undecodable[^1] + 1;
                pageCount = maximumCount;
            }
        }
        return new(messages, undecodable, from);
    }

    /// <summary>
    /// The number of the next message, which cannot be decoded: asking from it on fails, and from the next number on does not. Several in a
    /// row look like the last of them, for the numbers before it might be missing.
    /// </summary>
    private async Task<long> FindAsync(long from, CancellationToken cancellation)
    {
        // Where numbers are missing, the steps grow. They may step over a message between two that cannot be decoded.
        long failing = from, step = 1;
        while (failing + step > 0 && await TryPeekAsync(failing + step, 1, cancellation) is null)
        {
            failing += step;
            step *= 2;
        }
        for (long working = failing + step; working - failing > 1;)
        {
            long middle = failing + ((working - failing) / 2);
            if (await TryPeekAsync(middle, 1, cancellation) is null) failing = middle;
            else working = middle;
        }
        return failing;
    }

    /// <returns>The messages; null where one of them cannot be decoded.</returns>
    private async Task<IReadOnlyList<ServiceBusReceivedMessage>?> TryPeekAsync(long from, int count, CancellationToken cancellation)
    {
        try
        {
            return await receiver.PeekMessagesAsync(count, from, cancellation);
        }
        catch (Exception exception) when (BusFailure.IsUndecodable(exception) && from < long.MaxValue)
        {
            await receiver.PeekMessagesAsync(1, long.MaxValue, cancellation); // where there is none: fails when the broker is at fault
            return null;
        }
    }
}
