using Dapper;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class WakePlanTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>The waker asks every second, so what it asks must not grow with the jobs that have ended.</summary>
    [Fact]
    public async Task Take_ReadsOnlyOpenJobs_HoweverManyHaveEnded()
    {
        await ledger.ExecuteAsync(
            """
            INSERT INTO hrnet.jobs (id, kind, arguments, state, lane_count, ended_at)
            SELECT gen_random_uuid(), 'probe', '{}', 'Succeeded', 1, clock_timestamp() FROM generate_series(1, 10000);
            INSERT INTO hrnet.attempts (token, job_id, number, lane, worker, device, lease_expires_at, ended_at, outcome)
            SELECT gen_random_uuid(), id, 1, 0, 'w', 'cpu', clock_timestamp(), clock_timestamp(), 'Succeeded' FROM hrnet.jobs;
            """,
            new { });
        await ledger.ExecuteAsync("ANALYZE hrnet.jobs; ANALYZE hrnet.attempts", new { });
        await ledger.EnqueueAsync(laneCount: 3);

        await using NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled);
        string plan = string.Join('\n', await connection.QueryAsync<string>("EXPLAIN " + WakeStore.WantedSql, new { kind = "probe", outstandingLimit = 100 }));

        Assert.Contains("jobs_open", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on jobs", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Seq Scan on attempts", plan, StringComparison.Ordinal);
    }
}
