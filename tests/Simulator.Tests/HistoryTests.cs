using HrNetBatch.TestKit;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace HrNetBatch.Simulator.Tests;

/// <summary>Random histories of the ledger on a real PostgreSQL; <c>tests/Simulator</c> lives through any number of them.</summary>
public sealed class HistoryTests(PostgresFixture postgres)
{
    private const int FirstSeed = 251, HistoryCount = 250; // every kind of fault occurs among them; .ci/run lives through a thousand

    [Fact]
    public async Task ManyHistories_KeepEveryRule()
    {
        Tally tally = await Runner.RunAsync((await postgres.ServerAsync()).ConnectionString, first: FirstSeed, count: HistoryCount, parallel: 2, _ => { });

        TestContext.Current.TestOutputHelper!.WriteLine($"{tally}");
        Assert.True(tally.Broken.Count == 0, string.Join("\n\n", tally.Broken.Take(1)));
        Assert.Equal(HistoryCount, tally.HistoryCount);
        foreach (string kind in new[] { "CutBefore", "CutAfter", "ProcessDiesAfter", "MachineDiesBefore", "MachineDiesAfter", "machine frozen", "machine drained", "wake lost", "wake doubled",
            "idle transaction ended", "database clock set back", "publishing broke", "blob AnswerLost", "blob Doubled" })
            Assert.True(tally.Counts.GetValueOrDefault($"fault: {kind}") > 0, $"no history has the fault '{kind}'");
    }

    [Fact]
    public async Task AHistory_IsTheSameEachTime()
    {
        string? difference = await Task.Run(() => Runner.CompareAsync(first: 1, count: 12));

        Assert.True(difference is null, difference);
    }
}
