using HrNetBatch.Jobs.Contracts.Messages;
using HrNetBatch.Jobs.ServiceBus;

namespace HrNetBatch.Cli.DeadLetters;

/// <summary>The dead letters of the queue of job messages: looked at, sent again, removed.</summary>
internal sealed class DeadLetterQueue(IServiceBusClient client, string queue)
{
    private const int PageCount = 100;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    private string Name => $"{queue}/$deadletterqueue";

    /// <summary>The dead letters, oldest first, at most <paramref name="limit"/>.</summary>
    public async Task<IReadOnlyList<ReceivedMessage>> ListAsync(int limit, CancellationToken cancellation)
    {
        List<ReceivedMessage> found = [];
        long from = 0;
        while (found.Count < limit && await client.PeekAsync(Name, from, Math.Min(PageCount, limit - found.Count), cancellation) is { Count: > 0 } page)
        {
            found.AddRange(page);
            from = page[^1].SequenceNumber + 1;
        }
        return found;
    }

    /// <summary>The dead letter of a sequence number or a message id.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public async Task<ReceivedMessage> FindAsync(string reference, CancellationToken cancellation) =>
        (await ListAsync(int.MaxValue, cancellation)).FirstOrDefault(message => IsNamed(message, reference)) ?? throw Missing([reference]);

    /// <summary>Sends dead letters to their queue again, to become the same jobs, and then removes them.</summary>
    /// <param name="references">Their sequence numbers or message ids; null: all.</param>
    /// <param name="cancellation">Stops after the message at hand.</param>
    public Task<DeadLetterReport> ReplayAsync(IReadOnlyCollection<string>? references, CancellationToken cancellation) =>
        ForEachAsync(references, async message =>
        {
            if (message.Body is null) return false; // a body of another type cannot be sent as it was

            // 1. A crash between the two leaves it to be sent twice, and both make the same job.
            await client.SendAsync(queue, [JobMessage.Again(message)], cancellation);
            await client.CompleteAsync(message, CancellationToken.None);
            return true;
        }, cancellation);

    /// <summary>Removes dead letters for good.</summary>
    /// <param name="references">Their sequence numbers or message ids; null: all.</param>
    /// <param name="cancellation">Stops after the message at hand.</param>
    public Task<DeadLetterReport> PurgeAsync(IReadOnlyCollection<string>? references, CancellationToken cancellation) =>
        ForEachAsync(references, async message =>
        {
            await client.CompleteAsync(message, CancellationToken.None);
            return true;
        }, cancellation);

    // A message can be taken from the head of the queue only: those in front of the wanted ones are held meanwhile.
    private async Task<DeadLetterReport> ForEachAsync(IReadOnlyCollection<string>? references, Func<ReceivedMessage, Task<bool>> act, CancellationToken cancellation)
    {
        List<ReceivedMessage> held = [];
        HashSet<long> seen = [];
        HashSet<string> missing = [.. references ?? []];
        int doneCount = 0, skippedCount = 0, unreadableCount = 0;
        try
        {
            while (references is null || missing.Count > 0)
            {
                IReadOnlyList<ReceivedMessage> page;
                try
                {
                    page = await client.ReceiveAsync(Name, unreadableCount > 0 ? 1 : PageCount, Wait, cancellation);
                }
                catch (UnreadableMessageException)
                {
                    // Alone the next time, so that its neighbours can be had; once more, and it is all that is left.
                    if (++unreadableCount > PageCount) break;
                    continue;
                }
                held.AddRange(page);
                if (page.Count == 0 || page.Any(message => !seen.Add(message.SequenceNumber))) break; // the end, or the beginning again
                foreach (ReceivedMessage message in page)
                {
                    string? reference = missing.FirstOrDefault(wanted => IsNamed(message, wanted));
                    if (references is not null && reference is null) continue;
                    if (reference is not null) missing.Remove(reference);
                    if (!await act(message))
                    {
                        skippedCount++;
                        continue;
                    }
                    held.Remove(message);
                    doneCount++;
                }
            }
        }
        finally
        {
            foreach (ReceivedMessage message in held) await GiveBackAsync(message);
        }
        if (missing.Count > 0) throw Missing(missing);
        return new(doneCount, skippedCount, unreadableCount > 0);
    }

    private async Task GiveBackAsync(ReceivedMessage message)
    {
        try
        {
            await client.AbandonAsync(message, CancellationToken.None);
        }
        catch (ServiceBusException)
        {
            // Its lock ends by itself.
        }
    }

    private static bool IsNamed(ReceivedMessage message, string reference) =>
        message.MessageId == reference || JobMessage.IdOf(message) == reference || (long.TryParse(reference, out long number) && message.SequenceNumber == number);

    private static UserException Missing(IEnumerable<string> references) =>
        new($"There is no dead letter {string.Join(", ", references.Select(reference => $"\"{reference}\""))}; `hrnet deadletters list` lists them. "
            + "One that somebody else holds comes back when its lock has run out.");
}

/// <summary>What became of the dead letters that were asked for.</summary>
/// <param name="DoneCount">How many were sent again or removed.</param>
/// <param name="SkippedCount">How many cannot be sent again as they were: their bodies are no bytes.</param>
/// <param name="HasUnreadable">Whether some cannot be decoded here and were left.</param>
internal sealed record DeadLetterReport(int DoneCount, int SkippedCount, bool HasUnreadable);
