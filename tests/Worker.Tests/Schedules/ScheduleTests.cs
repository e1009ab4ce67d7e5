using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Schedules;
using HrNetBatch.Worker.TestHost;

namespace HrNetBatch.Worker.Tests.Schedules;

public sealed class ScheduleTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Schedule_MakesOneJobForEachRun_HoweverManyWorkers_UntilItIsRemoved()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess one = WorkerProcess.Start(ledger.ConnectionString);
        using ProgramProcess two = WorkerProcess.Start(ledger.ConnectionString);

        await ledger.Schedules.SetAsync("often", "*/5 * * * * *", LedgerOfTest.Request(Behaviour.Succeed), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => (await RunsAsync()).Count(job => job.State == JobState.Succeeded) >= 2, "two runs succeed", TimeSpan.FromSeconds(90));
        await ledger.Schedules.RemoveAsync("often", TestContext.Current.CancellationToken);

        // The id of a job names its run, so two jobs of one run cannot both be there.
        IReadOnlyList<Job> runs = await RunsAsync();
        DateTime first = runs.Min(job => job.CreatedAt).UtcDateTime;
        DateTime start = new DateTime(first.Ticks - (first.Ticks % TimeSpan.TicksPerMinute), DateTimeKind.Utc).AddMinutes(-1);
        HashSet<Guid> possible = [.. Enumerable.Range(0, 60).Select(run => ScheduleOccurrence.JobId("often", start.AddSeconds(run * 5)))];
        Assert.All(runs, job => Assert.Contains(job.Id, possible));
        Assert.All(runs, job => Assert.Equal("often", job.Schedule));
        await Eventually.TrueAsync(async () => await RecurringCountAsync(ledger) == 0, "Hangfire forgets the schedule");

        Task<IReadOnlyList<Job>> RunsAsync() => ledger.Jobs.ListAsync(cancellation: TestContext.Current.CancellationToken);
    }

    private static async Task<long> RecurringCountAsync(LedgerOfTest ledger)
    {
        await using var database = Npgsql.NpgsqlDataSource.Create(ledger.ConnectionString);
        await using Npgsql.NpgsqlCommand count = database.CreateCommand("SELECT count(*) FROM hangfire.set WHERE key = 'recurring-jobs'");
        return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
