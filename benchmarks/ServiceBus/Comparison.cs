using System.Diagnostics;

namespace HrNetBatch.Benchmarks.ServiceBus;

/// <summary>The two clients side by side: the same broker, the same messages, a queue each; they take turns every few messages, so that both meet the same machine.</summary>
internal static class Comparison
{
    public const int TakeCount = 50; // what a worker takes at once
    public static readonly byte[] Body = new byte[1024];

    private const int ListCount = 100;

    private static readonly (string Name, Func<IClient, int, Task> Run, int Share, int TurnCount)[] Operations =
    [
        ("send, 1 in flight", SendEachAsync, 10, 10),
        ("send, lists of 100", SendListsAsync, 1, 10),
        ("receive and complete, 50 at once", (client, count) => client.TakeAsync(count), 1, 1), // all at once: who stops amid messages has some locked
    ];

    public static async Task RunAsync(int count, int rounds)
    {
        Console.WriteLine("| store | operation | AMQPNetLite | Azure.Messaging.ServiceBus | new/old |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (bool isDurable in (bool[])[true, false])
        {
            List<(double Old, double New)>[] rates = [.. Operations.Select(_ => new List<(double, double)>())];
            for (int round = 0; round < rounds; round++)
            {
                using var broker = new BrokerProcess(isDurable);
                await using var old = new OldClient(broker.ConnectionString);
                await using var @new = new NewClient(broker.ConnectionString);
                foreach (IClient client in (IClient[])[old, @new]) await WarmUpAsync(client);
                for (int operation = 0; operation < Operations.Length; operation++)
                {
                    (_, Func<IClient, int, Task> run, int share, int turnCount) = Operations[operation];
                    rates[operation].Add(await CompareAsync(old, @new, run, count / share / turnCount, turnCount, isOldFirst: round % 2 == 0));
                    if (operation == 0) foreach (IClient client in (IClient[])[old, @new]) await client.TakeAsync(count / Operations[0].Share);
                }
            }
            for (int operation = 0; operation < Operations.Length; operation++)
                Console.WriteLine($"| {(isDurable ? "SQLite" : "memory")} | {Operations[operation].Name} | {Of(rates[operation].Select(rate => rate.Old))} | {Of(rates[operation].Select(rate => rate.New))} | {Of(rates[operation].Select(rate => rate.New / rate.Old), "0.00")} |");
        }
    }

    private static async Task<(double Old, double New)> CompareAsync(IClient old, IClient @new, Func<IClient, int, Task> run, int count, int turnCount, bool isOldFirst)
    {
        TimeSpan oldTime = default, newTime = default;
        for (int turn = 0; turn < turnCount; turn++)
        {
            if (isOldFirst == (turn % 2 == 0)) oldTime += await TimeAsync(() => run(old, count));
            newTime += await TimeAsync(() => run(@new, count));
            if (isOldFirst != (turn % 2 == 0)) oldTime += await TimeAsync(() => run(old, count));
        }
        return (count * turnCount / oldTime.TotalSeconds, count * turnCount / newTime.TotalSeconds);
    }

    private static async Task WarmUpAsync(IClient client)
    {
        await SendEachAsync(client, 200);
        await SendListsAsync(client, 2_000);
        await client.TakeAsync(2_200);
    }

    private static async Task SendEachAsync(IClient client, int count)
    {
        for (int i = 0; i < count; i++) await client.SendAsync(1);
    }

    private static async Task SendListsAsync(IClient client, int count)
    {
        for (int sent = 0; sent < count; sent += ListCount) await client.SendAsync(ListCount);
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> run)
    {
        long start = Stopwatch.GetTimestamp();
        await run();
        return Stopwatch.GetElapsedTime(start);
    }

    // Median (least to most).
    private static string Of(IEnumerable<double> values, string format = "N0")
    {
        double[] sorted = [.. values.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return $"{median.ToString(format, null)} ({sorted[0].ToString(format, null)}–{sorted[^1].ToString(format, null)})";
    }
}
