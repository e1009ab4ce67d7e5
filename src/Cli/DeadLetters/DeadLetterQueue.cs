using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;

namespace HrNetBatch.Cli.DeadLetters;

/// <summary>The dead letters of the queue of job messages: looked at, sent again, removed.</summary>
internal sealed class DeadLetterQueue(MessageBus bus, string queue)
{
    private const int PageCount = 100;
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(2);

    private string Name => $"{queue}/$deadletterqueue";

    /// <summary>The dead letters, oldest first, at most <paramref name="limit"/>.</summary>
    public async Task<PeekedMessages> ListAsync(int limit, CancellationToken cancellation)
    {
        List<ServiceBusReceivedMessage> messages = [];
        List<long> undecodable = [];
        long from = 0;
        while (messages.Count + undecodable.Count < limit
            && await bus.PeekAsync(Name, from, Math.Min(PageCount, limit - messages.Count - undecodable.Count), cancellation) is { IsEmpty: false } page)
        {
            messages.AddRange(page.Messages);
            undecodable.AddRange(page.Undecodable);
            from = page.NextSequenceNumber;
        }
        return new(messages, undecodable, from);
    }

    /// <summary>The dead letter of a sequence number or a message id.</summary>
    /// <exception cref="UserException">There is none, or it cannot be decoded.</exception>
    public async Task<ServiceBusReceivedMessage> FindAsync(string reference, CancellationToken cancellation)
    {
        PeekedMessages all = await ListAsync(int.MaxValue, cancellation);
        return all.Messages.FirstOrDefault(message => IsNamed(message, reference)) ?? throw (
            all.Undecodable.Any(number => $"{number}" == reference)
                ? new UserException($"Dead letter {reference} cannot be decoded, so there is nothing to show. {Undecodable}")
                : Missing([reference]));
    }

    /// <summary>What to do about dead letters that cannot be decoded.</summary>
    public const string Undecodable = "Its sender wrote what AMQP does not allow; another client of Service Bus, or the portal, may remove it.";

    /// <summary>Sends dead letters to their queue again, to become the same jobs, and then removes them.</summary>
    /// <param name="references">Their sequence numbers or message ids; null: all.</param>
    /// <param name="cancellation">Stops after the message at hand.</param>
    public Task<DeadLetterReport> ReplayAsync(IReadOnlyCollection<string>? references, CancellationToken cancellation) =>
        ForEachAsync(references, async message =>
        {
            // 1. A crash between the two leaves it to be sent twice, and both make the same job.
            await bus.SendAsync(queue, [JobMessage.Again(message)], cancellation);
            await bus.CompleteAsync(Name, message, CancellationToken.None);
        }, cancellation);

    /// <summary>Removes dead letters for good.</summary>
    /// <param name="references">Their sequence numbers or message ids; null: all.</param>
    /// <param name="cancellation">Stops after the message at hand.</param>
    public Task<DeadLetterReport> PurgeAsync(IReadOnlyCollection<string>? references, CancellationToken cancellation) =>
        ForEachAsync(references, message => bus.CompleteAsync(Name, message, CancellationToken.None), cancellation);

    // A message can be taken from the head of the queue only: those in front of the wanted ones are held meanwhile.
    private async Task<DeadLetterReport> ForEachAsync(IReadOnlyCollection<string>? references, Func<ServiceBusReceivedMessage, Task> act, CancellationToken cancellation)
    {
        List<ServiceBusReceivedMessage> held = [];
        HashSet<long> seen = [];
        HashSet<string> missing = [.. references ?? []];
        int doneCount = 0;
        try
        {
            while (references is null || missing.Count > 0)
            {
                IReadOnlyList<ServiceBusReceivedMessage> page = await bus.ReceiveAsync(Name, PageCount, Wait, cancellation);
                held.AddRange(page);
                if (page.Count == 0 || page.Any(message => !seen.Add(message.SequenceNumber))) break; // the end, or the beginning again
                foreach (ServiceBusReceivedMessage message in page)
                {
                    string? reference = missing.FirstOrDefault(wanted => IsNamed(message, wanted));
                    if (references is not null && reference is null) continue;
                    if (reference is not null) missing.Remove(reference);
                    await act(message);
                    held.Remove(message);
                    doneCount++;
                }
            }
        }
        finally
        {
            await Task.WhenAll(held.Select(GiveBackAsync));
        }
        IReadOnlyList<long> undecodable = (await ListAsync(int.MaxValue, cancellation)).Undecodable;
        missing.ExceptWith(undecodable.Select(number => $"{number}"));
        return missing.Count > 0 ? throw Missing(missing) : new(doneCount, undecodable);
    }

    private async Task GiveBackAsync(ServiceBusReceivedMessage message)
    {
        try
        {
            await bus.AbandonAsync(Name, message, CancellationToken.None);
        }
        catch (MessageBusException)
        {
            // Its lock ends by itself.
        }
    }

    private static bool IsNamed(ServiceBusReceivedMessage message, string reference) =>
        message.MessageId == reference || JobMessage.IdOf(message) == reference || (long.TryParse(reference, out long number) && message.SequenceNumber == number);

    private static UserException Missing(IEnumerable<string> references) =>
        new($"There is no dead letter {string.Join(", ", references.Select(reference => $"\"{reference}\""))}; `hrnet deadletters list` lists them. "
            + "One that somebody else holds comes back when its lock has run out.");
}

/// <summary>What became of the dead letters that were asked for.</summary>
/// <param name="DoneCount">How many were sent again or removed.</param>
/// <param name="Undecodable">The numbers of those that cannot be decoded, and stay.</param>
internal sealed record DeadLetterReport(int DoneCount, IReadOnlyList<long> Undecodable);
