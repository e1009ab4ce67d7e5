using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class FencingTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>A worker that was stopped (SIGSTOP), replaced, and continued: everything it tries must fail.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Zombie_CannotWriteEndOrRenew_OnceItsLeaseExpired(bool replaced)
    {
        Guid id = await ledger.EnqueueAsync();
        Lease zombie = await ledger.ClaimAsync(id);
        await ledger.LetExpireAsync(zombie);
        Lease? heir = replaced ? await ledger.ClaimAsync(id) : null;

        Assert.Equal(LeaseStatus.Lost, await ledger.Leases.RenewAsync(zombie, Cancelled));
        await Assert.ThrowsAsync<LeaseLostException>(() => ledger.Leases.EndAsync(zombie, Outcome.Success(new { by = "zombie" }), Cancelled));
        await Assert.ThrowsAsync<LeaseLostException>(() => new ProgressStore(ledger.Source).ReportAsync(zombie, 99, 100, "zombie", Cancelled));
        await Assert.ThrowsAsync<LeaseLostException>(() => new MetricStore(ledger.Source).RecordAsync(zombie, [new("loss", 1, 0.5)], Cancelled));

        Job job = await ledger.JobAsync(id);
        Assert.Equal((JobState.Running, 0L, null), (job.State, job.DoneCount, job.Activity));
        Assert.Empty(await new MetricStore(ledger.Source).ReadAsync(id, cancellation: Cancelled));
        if (heir is not null)
            Assert.Equal(JobState.Succeeded, await ledger.Leases.EndAsync(heir, Outcome.Success(new { by = "heir" }), Cancelled));
    }

    [Fact]
    public async Task TakeOver_WaitsForAWriteThatHasEnteredTheFence_AndTheNextWriteIsRefused()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease slow = await ledger.ClaimAsync(id);
        await using NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled);
        await using NpgsqlTransaction write = await connection.BeginTransactionAsync(Cancelled);
        await Fence.EnterAsync(write, slow.Token, Cancelled);
        await connection.ExecuteAsync("INSERT INTO hrnet.metrics (job_id, name, step, value) VALUES (@id, 'loss', 1, 0.5)", new { id }, write);

        // The lease runs out between the fence and the commit: simulated by a claim that believes so, on its own connection.
        Task<int> takeOver = Task.Run(
            async () =>
            {
                await using NpgsqlConnection other = await ledger.Source.OpenConnectionAsync(Cancelled);
                return await other.ExecuteAsync("UPDATE hrnet.attempts SET ended_at = clock_timestamp(), outcome = 'Lost' WHERE token = @Token", new { slow.Token });
            },
            Cancelled);
        await TestKit.Eventually.TrueAsync(IsSomebodyWaitingAsync, "the take-over waits for the row's lock");
        Assert.False(takeOver.IsCompleted);

        await write.CommitAsync(Cancelled);
        Assert.Equal(1, await takeOver);
        await Assert.ThrowsAsync<LeaseLostException>(() => new MetricStore(ledger.Source).RecordAsync(slow, [new("loss", 2, 0.4)], Cancelled));
        Assert.Equal([1L], (await new MetricStore(ledger.Source).ReadAsync(id, cancellation: Cancelled)).Select(point => point.Step));
    }

    /// <summary>Its rows refer to the job, whose row the other one has locked: neither may wait for the other for ever.</summary>
    [Fact]
    public async Task Retry_WaitsForAWriteThatHasEnteredTheFence_AndTheWriteDoesNotWaitForTheRetry()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease slow = await ledger.ClaimAsync(id);
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("permanent", FailureKind.Permanent), Cancelled);

        Task<Job> retry = Task.FromException<Job>(new InvalidOperationException("not begun"));
        await ledger.Source.WriteAsync(slow, async transaction =>
        {
            retry = Task.Run(() => ledger.Jobs.RetryAsync(id, Cancelled), Cancelled);
            await TestKit.Eventually.TrueAsync(IsSomebodyWaitingAsync, "the retry waits for the attempt's lock");
            return await transaction.ExecuteAsync("INSERT INTO hrnet.metrics (job_id, name, step, value) VALUES (@id, 'loss', 1, 0.5)", new { id }, Cancelled);
        }, Cancelled);

        Assert.Equal(JobState.Queued, (await retry).State);
        Assert.Single(await new MetricStore(ledger.Source).ReadAsync(id, cancellation: Cancelled));
    }

    [Fact]
    public async Task Database_RefusesASecondHolderOfALane_WhateverTheCodeDoes()
    {
        Guid id = await ledger.EnqueueAsync();
        await ledger.ClaimAsync(id);

        PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(() => ledger.ExecuteAsync(
            """
            INSERT INTO hrnet.attempts (token, job_id, number, lane, worker, device, lease_expires_at)
            VALUES (gen_random_uuid(), @id, 2, 0, 'second', 'cpu', clock_timestamp() + interval '20 seconds')
            """,
            new { id }));

        Assert.Equal("attempts_live", refusal.ConstraintName);
    }

    [Fact]
    public async Task Renew_ExtendsTheLease()
    {
        Lease lease = await ledger.ClaimAsync(await ledger.EnqueueAsync());
        await ledger.ExecuteAsync("UPDATE hrnet.attempts SET lease_expires_at = clock_timestamp() + interval '5 seconds' WHERE token = @Token", new { lease.Token });

        Assert.Equal(LeaseStatus.Held, await ledger.Leases.RenewAsync(lease, Cancelled));

        Attempt attempt = Assert.Single(await ledger.Jobs.ListAttemptsAsync(lease.JobId, Cancelled));
        Assert.InRange(attempt.LeaseExpiresAt - attempt.StartedAt, ledger.Options.LeaseDuration - TimeSpan.FromSeconds(1), ledger.Options.LeaseDuration + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Renew_TellsTheOtherLanes_WhenTheJobHasEnded()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease first = await ledger.ClaimAsync(id);
        Lease second = await ledger.ClaimAsync(id);
        await ledger.Leases.EndAsync(first, Outcome.Success(new { by = "first" }), Cancelled);

        Assert.Equal(LeaseStatus.JobEnded, await ledger.Leases.RenewAsync(second, Cancelled));
    }

    private async Task<bool> IsSomebodyWaitingAsync()
    {
        await using NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled);
        return await connection.ExecuteScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')");
    }
}
