using System.Globalization;
using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Endurance;

/// <summary>
/// Sends the messages of its sessions in order, a batch after the other in each, and notes what was acknowledged. Killed and started
/// again it goes on after the last acknowledged number; the message ids make what it sends twice one message.
/// </summary>
internal sealed class Sender(string folder, string connectionString, int number, int each)
{
    private const int BatchCount = 100;

    public async Task<int> RunAsync()
    {
        Dictionary<string, int> last = Journal.Read(folder, $"sent-{number}-*.log").GroupBy(entry => entry.Session)
            .ToDictionary(session => session.Key, session => session.Max(entry => entry.Numbers.Max()));
        using var journal = new Journal(Path.Combine(folder, $"sent-{number}-{Environment.ProcessId}.log"));
        await using ServiceBusClient client = Plan.Connect(connectionString);
        await Task.WhenAll(Plan.SessionsOf(number).Select(session => SendAsync(client, journal, session, last.GetValueOrDefault(session))));
        return 0;
    }

    private async Task SendAsync(ServiceBusClient client, Journal journal, string session, int last)
    {
        await using ServiceBusSender sender = client.CreateSender(Plan.Queue);
        while (last < each)
        {
            int[] numbers = [.. Enumerable.Range(last + 1, Math.Min(BatchCount, each - last))];
            await Attempt.UntilDoneAsync(() => sender.SendMessagesAsync(numbers.Select(next => new ServiceBusMessage(Body(session, next))
            {
                MessageId = string.Create(CultureInfo.InvariantCulture, $"{session}-{next}"),
                SessionId = session,
                Subject = next.ToString(CultureInfo.InvariantCulture),
            })));
            journal.Write("acknowledged", session, [numbers[0], numbers[^1]]);
            last = numbers[^1];
            Console.WriteLine(numbers.Length);   // how far it is, for whoever kills
        }
    }

    // Half a kilobyte that says whose it is.
    private static string Body(string session, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{session} {number} ").PadRight(512, 'x');
}
