using System.Globalization;
using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Endurance;

/// <summary>Takes one session after the other, and notes what it received and which completions were acknowledged, until it is
/// killed.</summary>
internal sealed class Receiver(string folder, string connectionString)
{
    private const int AtOnce = 6, BatchCount = 200;

    public async Task<int> RunAsync()
    {
        using var journal = new Journal(Path.Combine(folder, $"received-{Environment.ProcessId}.log"));
        await using ServiceBusClient client = Plan.Connect(connectionString);
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => ReceiveAsync(client, journal)));
        return 0;
    }

    private static async Task ReceiveAsync(ServiceBusClient client, Journal journal)
    {
        while (true)
        {
            try
            {
                await using ServiceBusSessionReceiver session = await client.AcceptNextSessionAsync(Plan.Queue);
                while (await session.ReceiveMessagesAsync(BatchCount, TimeSpan.FromMilliseconds(300)) is { Count: > 0 } messages)
                {
                    // The client drains a link before it hands over a part of a batch. Where the link broke, that takes ten seconds, and by
                    // then the session and its messages are another receiver's.
                    if (session.IsClosed) break;
                    await CompleteAsync(session, messages, journal);
                }
            }
            catch (Exception exception) when (Attempt.IsOutage(exception))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private static async Task CompleteAsync(ServiceBusSessionReceiver session, IReadOnlyList<ServiceBusReceivedMessage> messages,
        Journal journal)
    {
        journal.Write("received", session.SessionId, messages.Select(NumberOf));
        Task<int?>[] completions = [.. messages.Select(async message =>
        {
            try
            {
                await session.CompleteMessageAsync(message);
                return (int?)NumberOf(message);
            }
            catch (Exception exception) when (Attempt.IsOutage(exception))
            {
                return null;   // nobody knows whether it is completed
            }
        })];
        int[] completed = [.. (await Task.WhenAll(completions)).OfType<int>()];
        if (completed.Length > 0) journal.Write("completed", session.SessionId, completed);
        if (completed.Length < messages.Count) throw new OperationCanceledException("The broker is away.");
    }

    private static int NumberOf(ServiceBusReceivedMessage message) => int.Parse(message.Subject, CultureInfo.InvariantCulture);
}
