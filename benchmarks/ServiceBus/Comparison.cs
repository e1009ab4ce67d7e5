using System.Diagnostics;

namespace HrNetBatch.Benchmarks.ServiceBus;

/// <summary>The two clients side by side: the same broker, the same messages, a queue each, in alternating order.</summary>
internal static class Comparison
{
    public static readonly byte[] Body = new byte[1024];
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(5);

    private const int BatchCount = 100, TakeCount = 50; // TakeCount: what a worker takes at once

    public static async Task RunAsync(int count, int rounds)
    {
        Console.WriteLine("| store | round | client | send, 1 in flight | send, lists of 100 | receive and complete, 50 at once |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (bool isDurable in (bool[])[true, false])
        {
            List<(double[] Old, double[] New)> results = [];
            for (int round = 0; round < rounds; round++)
            {
                using var broker = new BrokerProcess(isDurable);
                await using var old = new OldClient(broker.ConnectionString);
                await using var @new = new NewClient(broker.ConnectionString);
                IClient[] order = round % 2 == 0 ? [old, @new] : [@new, old];
                Dictionary<IClient, double[]> rates = order.ToDictionary(client => client, _ => new double[3]);
                foreach (IClient client in order) await WarmUpAsync(client);
                foreach (IClient client in order) rates[client][0] = await RateAsync(count / 10, () => SendEachAsync(client, count / 10));
                foreach (IClient client in order) await TakeAllAsync(client, count / 10);
                foreach (IClient client in order) rates[client][1] = await RateAsync(count, () => SendListsAsync(client, count));
                foreach (IClient client in order) rates[client][2] = await RateAsync(count, () => TakeAllAsync(client, count));
                foreach (IClient client in order) Console.WriteLine($"| {(isDurable ? "SQLite" : "memory")} | {round + 1} | {client.Name} | {string.Join(" | ", rates[client].Select(rate => $"{rate:N0}"))} |");
                results.Add((rates[old], rates[@new]));
            }
            for (int what = 0; what < 3; what++)
            {
                double[] ratios = [.. results.Select(result => result.New[what] / result.Old[what]).Order()];
                Console.WriteLine($"{(isDurable ? "SQLite" : "memory")}, {(string[])["send, 1 in flight", "send, lists of 100", "receive and complete"] switch { var names => names[what] }}: "
                    + $"old {Median(results.Select(result => result.Old[what])):N0}, new {Median(results.Select(result => result.New[what])):N0}, "
                    + $"new/old {Median(ratios):0.00} ({ratios[0]:0.00}–{ratios[^1]:0.00})");
            }
        }
    }

    private static async Task WarmUpAsync(IClient client)
    {
        for (int i = 0; i < 200; i++) await client.SendAsync(1);
        await SendListsAsync(client, 2_000);
        await TakeAllAsync(client, 2_200);
    }

    private static async Task SendEachAsync(IClient client, int count)
    {
        for (int i = 0; i < count; i++) await client.SendAsync(1);
    }

    private static async Task SendListsAsync(IClient client, int count)
    {
        for (int sent = 0; sent < count; sent += BatchCount) await client.SendAsync(BatchCount);
    }

    private static async Task TakeAllAsync(IClient client, int count)
    {
        for (int taken = 0; taken < count;)
        {
            int some = await client.TakeAsync(TakeCount);
            taken += some > 0 ? some : throw new InvalidOperationException($"{count - taken} messages are missing.");
        }
    }

    private static async Task<double> RateAsync(int count, Func<Task> run)
    {
        long start = Stopwatch.GetTimestamp();
        await run();
        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
