using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class CancelAndRetryTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cancel_EndsTheJobAtOnce_WhenNobodyWorksOnIt()
    {
        Guid id = await ledger.EnqueueAsync();

        Job job = await ledger.Jobs.CancelAsync(id, Cancelled);

        Assert.Equal(JobState.Cancelled, job.State);
        Assert.NotNull(job.EndedAt);
        Assert.Null(await ledger.Leases.ClaimAsync(id, "worker", "cpu", Cancelled));
    }

    [Fact]
    public async Task Cancel_EndsAJobThatWaitsOutItsBackOff()
    {
        Guid id = await ledger.EnqueueAsync();
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("no network", FailureKind.Transient), Cancelled);

        Assert.Equal(JobState.Cancelled, (await ledger.Jobs.CancelAsync(id, Cancelled)).State);
    }

    [Fact]
    public async Task Cancel_IsSeenByTheRenewingWorker_WhichThenEndsTheJob()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);

        Job asked = await ledger.Jobs.CancelAsync(id, Cancelled);
        Assert.Equal(JobState.Running, asked.State);
        Assert.NotNull(asked.CancelRequestedAt);
        Assert.Equal(LeaseStatus.CancelRequested, await ledger.Leases.RenewAsync(lease, Cancelled));

        Assert.Equal(JobState.Cancelled, await ledger.Leases.EndAsync(lease, new Outcome.Cancelled(), Cancelled));
    }

    [Fact]
    public async Task Cancel_EndsTheJob_OnlyWhenTheLastLaneHasStopped()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 3);
        Lease first = await ledger.ClaimAsync(id);
        Lease second = await ledger.ClaimAsync(id);
        await ledger.Jobs.CancelAsync(id, Cancelled);

        Assert.Null(await ledger.Leases.ClaimAsync(id, "third", "cpu", Cancelled));
        Assert.Equal(JobState.Running, await ledger.Leases.EndAsync(first, new Outcome.Cancelled(), Cancelled));
        Assert.Equal(JobState.Cancelled, await ledger.Leases.EndAsync(second, new Outcome.Failed("killed", FailureKind.Transient), Cancelled));
    }

    /// <summary>How long a job took is told from here: what lay between its failure and somebody's retry is not its own.</summary>
    [Fact]
    public async Task Retry_LetsTheJobBeginAnew_AndItsOwnTriesDoNot()
    {
        Guid id = await ledger.EnqueueAsync();
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.HandedBack("saved"), Cancelled);
        DateTimeOffset first = (await ledger.Jobs.FindAsync(id, Cancelled))!.StartedAt!.Value;
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("broken", FailureKind.Permanent), Cancelled);
        Assert.Equal(first, (await ledger.Jobs.FindAsync(id, Cancelled))!.StartedAt);

        await ledger.Jobs.RetryAsync(id, Cancelled);
        Assert.Null((await ledger.Jobs.FindAsync(id, Cancelled))!.StartedAt);
        await ledger.ClaimAsync(id);

        Assert.True((await ledger.Jobs.FindAsync(id, Cancelled))!.StartedAt > first);
    }

    [Fact]
    public async Task Cancel_DoesNotUndoAResultThatCameFirst()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);
        await ledger.Jobs.CancelAsync(id, Cancelled);

        Assert.Equal(JobState.Succeeded, await ledger.Leases.EndAsync(lease, Outcome.Success(new { }), Cancelled));
        Assert.Equal(JobState.Succeeded, (await ledger.Jobs.CancelAsync(id, Cancelled)).State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancel_EndsTheJob_WhenItsWorkerIsDead(bool diedBefore)
    {
        Guid id = await ledger.EnqueueAsync();
        Lease dead = await ledger.ClaimAsync(id);
        if (diedBefore)
            await ledger.LetExpireAsync(dead);
        await ledger.Jobs.CancelAsync(id, Cancelled);
        if (!diedBefore)
        {
            await ledger.LetExpireAsync(dead);
            await ledger.Leases.ExpireAsync(Cancelled);
        }

        Assert.Equal(JobState.Cancelled, (await ledger.JobAsync(id)).State);
    }

    [Fact]
    public async Task Retry_GivesAFailedJobAFreshSetOfTries()
    {
        Guid id = await ledger.EnqueueAsync();
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("no such checkpoint", FailureKind.Permanent), Cancelled);

        Job job = await ledger.Jobs.RetryAsync(id, Cancelled);

        Assert.Equal((JobState.Queued, 0, 0, null, null), (job.State, job.FailureCount, job.LostCount, job.Error, job.EndedAt));
        Assert.Equal(2, (await ledger.ClaimAsync(id)).Attempt);
    }

    [Fact]
    public async Task Retry_RevivesACancelledJob_AndFencesOutLanesThatHaveNotNoticedItsEnd()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease first = await ledger.ClaimAsync(id);
        Lease late = await ledger.ClaimAsync(id);
        await ledger.Leases.EndAsync(first, new Outcome.Failed("bad input", FailureKind.Permanent), Cancelled);

        await ledger.Jobs.RetryAsync(id, Cancelled);

        Assert.Equal(LeaseStatus.Lost, await ledger.Leases.RenewAsync(late, Cancelled));
        Assert.Equal(JobState.Queued, (await ledger.JobAsync(id)).State);
        await ledger.Jobs.CancelAsync(id, Cancelled);
        Job revived = await ledger.Jobs.RetryAsync(id, Cancelled);
        Assert.Equal((JobState.Queued, null), (revived.State, revived.CancelRequestedAt));
        Assert.Equal(0, (await ledger.ClaimAsync(id)).Lane);
    }

    /// <summary>As the retry of failed items reopens it.</summary>
    [Theory]
    [InlineData(JobState.Queued)]
    [InlineData(JobState.Scheduled)]
    [InlineData(JobState.Running)]
    public async Task Cancel_OfAReopenedSuccess_RestoresIt_WithItsResult(JobState state)
    {
        Guid id = await ReopenedAsync();
        Lease? lease = state == JobState.Queued ? null : await ledger.ClaimAsync(id);
        if (state == JobState.Scheduled)
            await ledger.Leases.EndAsync(lease!, new Outcome.Failed("no network", FailureKind.Transient), Cancelled);

        Job asked = await ledger.Jobs.CancelAsync(id, Cancelled);
        if (state == JobState.Running)
            Assert.Equal(JobState.Succeeded, await ledger.Leases.EndAsync(lease!, new Outcome.Cancelled(), Cancelled));
        else
            Assert.Equal(JobState.Succeeded, asked.State);

        Job job = await ledger.JobAsync(id);
        Assert.Equal((JobState.Succeeded, null, 7), (job.State, job.Error, job.Result!.Value.GetProperty("rows").GetInt32()));
        Assert.NotNull(job.EndedAt);
    }

    [Fact]
    public async Task AFailure_OfAReopenedSuccess_KeepsItsResult()
    {
        Guid id = await ReopenedAsync();
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("no such checkpoint", FailureKind.Permanent), Cancelled);
        Assert.Equal(JobState.Failed, (await ledger.JobAsync(id)).State);
        Assert.Equal(7, (await ledger.Jobs.RetryAsync(id, Cancelled)).Result!.Value.GetProperty("rows").GetInt32());

        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), Outcome.Success(new { rows = 8 }), Cancelled);

        Assert.Equal(8, (await ledger.JobAsync(id)).Result!.Value.GetProperty("rows").GetInt32());
    }

    private async Task<Guid> ReopenedAsync()
    {
        Guid id = await ledger.EnqueueAsync();
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), Outcome.Success(new { rows = 7 }), Cancelled);
        await using NpgsqlConnection connection = await ledger.Source.OpenConnectionAsync(Cancelled);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(Cancelled);
        await Reopening.ReopenAsync(transaction, id, Cancelled);
        await transaction.CommitAsync(Cancelled);
        return id;
    }

    [Fact]
    public async Task Retry_IsRefused_WhileTheJobHasNotEnded_AndAfterASuccess()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);
        Assert.Contains("Running", (await Assert.ThrowsAsync<JobRefusedException>(() => ledger.Jobs.RetryAsync(id, Cancelled))).Message, StringComparison.Ordinal);
        await ledger.Leases.EndAsync(lease, Outcome.Success(new { }), Cancelled);
        Assert.Contains("succeeded", (await Assert.ThrowsAsync<JobRefusedException>(() => ledger.Jobs.RetryAsync(id, Cancelled))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelAndRetry_NameTheJob_WhenThereIsNone()
    {
        Guid id = Guid.CreateVersion7();
        Assert.Contains(id.ToString(), (await Assert.ThrowsAsync<JobRefusedException>(() => ledger.Jobs.CancelAsync(id, Cancelled))).Message, StringComparison.Ordinal);
        Assert.Contains(id.ToString(), (await Assert.ThrowsAsync<JobRefusedException>(() => ledger.Jobs.RetryAsync(id, Cancelled))).Message, StringComparison.Ordinal);
    }
}
