using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Schedules;
using HrNetBatch.Worker.TestHost;
using Npgsql;

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

    [Fact]
    public async Task Schedule_IsCaughtUpOnce_WhenManyRunsWereMissed()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await ledger.Schedules.SetAsync("yearly", "0 0 1 1 *", LedgerOfTest.Request(Behaviour.Succeed), TestContext.Current.CancellationToken);
        using (ProgramProcess before = WorkerProcess.Start(ledger.ConnectionString))
        {
            await Eventually.TrueAsync(async () => await ScalarAsync(ledger, Next) is not null, "the schedule is known", TimeSpan.FromSeconds(60));
            await Eventually.TrueAsync(async () => await ScalarAsync(ledger, "SELECT next_at > now() FROM hrnet.schedules") is true, "the ledger says when it fires next, so that a fleet at zero is woken");
            before.Terminate();
            await before.ExitAsync();
        }
        await ScalarAsync(ledger, """
            UPDATE hangfire.hash SET value = '2020-01-01T00:00:00.0000000Z' WHERE key = 'recurring-job:schedule:yearly' AND field IN ('NextExecution', 'CreatedAt');
            UPDATE hangfire.set SET score = 0 WHERE key = 'recurring-jobs'
            """);

        using ProgramProcess after = WorkerProcess.Start(ledger.ConnectionString);

        await Eventually.TrueAsync(async () => await ScalarAsync(ledger, Next) is string next && !next.StartsWith("2020", StringComparison.Ordinal), "the schedule has fired", TimeSpan.FromSeconds(60));
        IReadOnlyList<Job> runs = await Eventually.GetAsync(
            async () => await ledger.Jobs.ListAsync(cancellation: TestContext.Current.CancellationToken) is { Count: > 0 } found ? found : null, "the run is submitted");
        DateTime lastRun = new(runs[0].CreatedAt.UtcDateTime.Year, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        Assert.Equal(ScheduleOccurrence.JobId("yearly", lastRun), Assert.Single(runs).Id);
    }

    private const string Next = "SELECT value FROM hangfire.hash WHERE key = 'recurring-job:schedule:yearly' AND field = 'NextExecution'";

    private static async Task<long> RecurringCountAsync(LedgerOfTest ledger) =>
        (long)(await ScalarAsync(ledger, "SELECT count(*) FROM hangfire.set WHERE key = 'recurring-jobs'"))!;

    private static async Task<object?> ScalarAsync(LedgerOfTest ledger, string sql)
    {
        await using var database = NpgsqlDataSource.Create(ledger.ConnectionString);
        await using NpgsqlCommand command = database.CreateCommand(sql);
        try
        {
            return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        }
        catch (PostgresException missing) when (missing.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return null; // the worker has not come that far
        }
    }
}
