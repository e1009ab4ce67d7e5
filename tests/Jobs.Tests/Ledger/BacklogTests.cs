using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

/// <summary>What scales the fleet: infra/keda/backlog.sql, run as KEDA runs it.</summary>
public sealed class BacklogTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly string Sql = File.ReadAllText(Path.Combine(Repository.Root, "infra", "keda", "backlog.sql"));

    private readonly LedgerDatabase _ledger = new(postgres);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _ledger.InitializeAsync();

    public ValueTask DisposeAsync() => _ledger.DisposeAsync();

    [Fact]
    public async Task Lanes_AreCountedFromTheSubmissionToTheEnd()
    {
        Assert.Equal(0, await CountAsync());
        Guid job = await _ledger.EnqueueAsync(laneCount: 3);
        Assert.Equal(3, await CountAsync());
        Assert.Equal(0, await CountAsync("another"));

        Lease first = await _ledger.ClaimAsync(job);
        Assert.Equal(3, await CountAsync()); // running and waiting lanes hold a worker each
        await _ledger.Leases.EndAsync(first, new Outcome.HandedBack("the worker stops"), Cancelled);
        Assert.Equal(3, await CountAsync());

        Lease again = await _ledger.ClaimAsync(job);
        await _ledger.Leases.EndAsync(again, Outcome.Success(new { }), Cancelled);
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task Retry_CountsWhenItsTimeHasCome_AndLanesAtWorkCountMeanwhile()
    {
        Guid job = await _ledger.EnqueueAsync(laneCount: 2);
        Lease failing = await _ledger.ClaimAsync(job);
        Lease working = await _ledger.ClaimAsync(job);

        await _ledger.Leases.EndAsync(failing, new Outcome.Failed("the network", FailureKind.Transient), Cancelled);
        Assert.Equal(1, await CountAsync());
        await _ledger.Leases.EndAsync(working, new Outcome.Failed("the network", FailureKind.Transient), Cancelled);
        Assert.Equal((JobState.Scheduled, 0L), ((await _ledger.JobAsync(job)).State, await CountAsync()));

        await _ledger.LetBecomeDueAsync(job);
        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task LostLane_StillCounts_SoThatSomebodyComesAndTakesItOver()
    {
        Guid job = await _ledger.EnqueueAsync();
        long before = await CountAsync();
        await _ledger.LetExpireAsync(await _ledger.ClaimAsync(job));
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task CancelledJob_CountsOnlyWhereSomebodyStillWorks()
    {
        Guid waiting = await _ledger.EnqueueAsync(laneCount: 5);
        await _ledger.Jobs.CancelAsync(waiting, Cancelled);
        Assert.Equal(0, await CountAsync());

        Guid running = await _ledger.EnqueueAsync(laneCount: 4);
        Lease lease = await _ledger.ClaimAsync(running);
        await _ledger.Jobs.CancelAsync(running, Cancelled);
        Assert.Equal(1, await CountAsync());
        await _ledger.Leases.EndAsync(lease, new Outcome.Cancelled(), Cancelled);
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task LaterJobs_AndSchedules_CountWhenTheirTimeHasCome()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "x" }) with { NotBefore = TimeProvider.System.GetUtcNow().AddDays(1) };
        await _ledger.Jobs.EnqueueAsync(request, Cancelled);
        Assert.Equal(0, await CountAsync());
        await _ledger.LetBecomeDueAsync(request.Id);
        Assert.Equal(1, await CountAsync());

        var schedules = new ScheduleStore(_ledger.Source, LedgerDatabase.Kinds);
        await schedules.SetAsync("nightly", "0 3 * * *", JobRequest.For(new ProbeArguments { Name = "x" }), Cancelled);
        Assert.Equal(2, await CountAsync()); // only a worker knows when it is due
        JobSchedule schedule = (await schedules.FindAsync("nightly", Cancelled))!;
        await schedules.SetNextAsync(schedule, TimeProvider.System.GetUtcNow().AddHours(1), Cancelled);
        Assert.Equal(1, await CountAsync());
        await schedules.SetNextAsync(schedule, TimeProvider.System.GetUtcNow().AddHours(-1), Cancelled);
        Assert.Equal(2, await CountAsync());
        await schedules.SetNextAsync(schedule, null, Cancelled);
        Assert.Equal(1, await CountAsync());
    }

    /// <summary>KEDA asks twice a minute for as long as the fleet lives.</summary>
    [Fact]
    public async Task Count_ReadsIndexesOnly_HoweverManyJobsThereAre()
    {
        await _ledger.ExecuteAsync(
            """
            INSERT INTO hrnet.jobs (id, kind, arguments, state, lane_count, ended_at)
            SELECT gen_random_uuid(), 'probe', '{}', 'Succeeded', 1, clock_timestamp() FROM generate_series(1, 50000);
            INSERT INTO hrnet.attempts (token, job_id, number, lane, worker, device, lease_expires_at, ended_at, outcome)
            SELECT gen_random_uuid(), id, 1, 0, 'w', 'cpu', clock_timestamp(), clock_timestamp(), 'Succeeded' FROM hrnet.jobs;
            INSERT INTO hrnet.jobs (id, kind, arguments, state, lane_count, run_at)
            SELECT gen_random_uuid(), CASE WHEN n <= 30000 THEN 'probe' ELSE 'other' END, '{}',
              CASE WHEN n <= 20000 THEN 'Queued' ELSE 'Scheduled' END, 2, clock_timestamp() + CASE WHEN n <= 20000 THEN interval '-1 hour' ELSE interval '1 hour' END
            FROM generate_series(1, 50000) AS n
            """,
            new { });
        await _ledger.ExecuteAsync("ANALYZE hrnet.jobs; ANALYZE hrnet.attempts", new { });
        await _ledger.ClaimAsync(await _ledger.EnqueueAsync());

        await using NpgsqlConnection connection = await _ledger.Source.OpenConnectionAsync(Cancelled);
        string plan = string.Join('\n', await connection.QueryAsync<string>("EXPLAIN (ANALYZE) " + Of("probe")));
        TestContext.Current.TestOutputHelper?.WriteLine(plan);

        Assert.Contains("jobs_open", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on jobs", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on attempts", plan, StringComparison.Ordinal);
        Assert.Equal(20_000, await CountAsync()); // 10,000 jobs of two lanes: more is not looked at
    }

    private async Task<long> CountAsync(string kind = "probe")
    {
        await using NpgsqlConnection connection = await _ledger.Source.OpenConnectionAsync(Cancelled);
        return await connection.QuerySingleAsync<long>(Of(kind));
    }

    private static string Of(string kind) => Sql.Replace("{kind}", kind, StringComparison.Ordinal);
}
