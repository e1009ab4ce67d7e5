using System.Globalization;
using HrNetBatch.LocalStack;

namespace HrNetBatch.Simulator;

/// <summary>What many histories came to.</summary>
public sealed class Tally
{
    private readonly Lock _gate = new();

    /// <summary>How many were lived through.</summary>
    public int HistoryCount { get; private set; }

    /// <summary>Those that broke a rule.</summary>
    public List<Verdict> Broken { get; } = [];

    /// <summary>How often each kind of step, fault and operation occurred.</summary>
    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; internal set; }

    /// <summary>Adds one.</summary>
    public void Add(Verdict verdict)
    {
        lock (_gate)
        {
            HistoryCount++;
            if (verdict.Violation is not null) Broken.Add(verdict);
            foreach ((string what, int count) in verdict.Counts) Counts[what] = Counts.GetValueOrDefault(what) + count;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n',
    [
        .. Broken.OrderBy(verdict => verdict.Seed).Select(verdict => $"seed {verdict.Seed} broke a rule: {verdict.Violation!.Rule}: {verdict.Violation.Text}"),
        string.Create(CultureInfo.InvariantCulture, $"{HistoryCount:N0} histories in {Elapsed.TotalSeconds:0.0} s ({HistoryCount / Elapsed.TotalSeconds:0.0}/s), {Broken.Count} broke a rule"),
        .. Counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"  {count.Value,12:N0}  {count.Key}")),
    ]);
}

/// <summary>Runs histories on a PostgreSQL of its own.</summary>
public static class Runner
{
    private const int MostBroken = 20;

    /// <summary>Lives through the histories of many seeds.</summary>
    public static async Task<Tally> RunAsync(int first, int count, int parallel, Action<string> report)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hrnet-simulator-");
        try
        {
            await using PostgresServer server = await PostgresServer.StartAsync(new PostgresOptions { Folder = folder.FullName, Durable = false });
            return await RunAsync(server.ConnectionString, first, count, parallel, report);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The same, on a server that is there.</summary>
    public static async Task<Tally> RunAsync(string serverAddress, int first, int count, int parallel, Action<string> report)
    {
        var tally = new Tally();
        int next = first;
        long began = TimeProvider.System.GetTimestamp();
        // Threads of their own: a history blocks its thread while one actor has its turn.
        await Task.WhenAll(Enumerable.Range(0, parallel).Select(number => Task.Factory.StartNew(() => RunOne(number), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        tally.Elapsed = TimeProvider.System.GetElapsedTime(began);
        return tally;

        void RunOne(int number)
        {
            Simulation simulation = Simulation.StartAsync(serverAddress, $"sim_{number}").GetAwaiter().GetResult();
            try
            {
                for (int seed; tally.Broken.Count < MostBroken && (seed = Interlocked.Increment(ref next) - 1) < first + count;)
                {
                    Verdict verdict = simulation.Run(seed);
                    tally.Add(verdict);
                    if (verdict.Violation is { } broken) report($"seed {seed}: {broken.Rule}: {broken.Text}");
                    if (tally.HistoryCount % 100 == 0) report($"{tally.HistoryCount} histories, {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s");
                }
            }
            finally
            {
                simulation.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    /// <summary>Lives through one history.</summary>
    public static Task<Verdict> ReplayAsync(int seed) => WithSimulationAsync(simulation => simulation.Run(seed));

    /// <summary>
    /// Lives through many histories twice, the second time in the opposite order; tells the first line that differs, or null.
    /// </summary>
    public static Task<string?> CompareAsync(int first, int count) => WithSimulationAsync(simulation =>
    {
        List<Verdict> once = [.. Enumerable.Range(first, count).Select(simulation.Run)];
        return Enumerable.Reverse(once).Select(verdict => Difference(verdict, simulation.Run(verdict.Seed))).FirstOrDefault(found => found is not null);
    });

    private static string? Difference(Verdict one, Verdict other)
    {
        for (int line = 0; line < Math.Max(one.Steps.Count, other.Steps.Count); line++)
        {
            if (one.Steps.ElementAtOrDefault(line) is var a && other.Steps.ElementAtOrDefault(line) is var b && a != b)
                return $"Seed {one.Seed} differs in line {line + 1}:\n  {string.Join("\n  ", one.Steps.Take(line).TakeLast(12))}\n- {a}\n+ {b}";
        }
        return null;
    }

    private static async Task<T> WithSimulationAsync<T>(Func<Simulation, T> run)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("hrnet-simulator-");
        try
        {
            await using PostgresServer server = await PostgresServer.StartAsync(new PostgresOptions { Folder = folder.FullName, Durable = false });
            await using Simulation simulation = await Simulation.StartAsync(server.ConnectionString, "sim_replay");
            // A thread of its own: a history blocks its thread while one actor has its turn.
            return await Task.Factory.StartNew(() => run(simulation), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
