using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class EndTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Success_StoresTheResultAndEndsTheJob()
    {
        Guid id = await ledger.EnqueueAsync();

        Assert.Equal(JobState.Succeeded, await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), Outcome.Success(new { top1 = 0.5 }), Cancelled));

        Job job = await ledger.JobAsync(id);
        Assert.Equal(0.5, job.Result!.Value.GetProperty("top1").GetDouble());
        Assert.NotNull(job.EndedAt);
        Assert.Null(job.Error);
    }

    [Fact]
    public async Task Success_OfASecondLane_IsFine_AfterTheJobEnded()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease first = await ledger.ClaimAsync(id);
        Lease second = await ledger.ClaimAsync(id);
        await ledger.Leases.EndAsync(first, Outcome.Success(new { by = "first" }), Cancelled);

        Assert.Equal(JobState.Succeeded, await ledger.Leases.EndAsync(second, Outcome.Success(new { by = "second" }), Cancelled));

        Assert.Equal("first", (await ledger.JobAsync(id)).Result!.Value.GetProperty("by").GetString());
        Assert.All(await ledger.Jobs.ListAttemptsAsync(id, Cancelled), attempt => Assert.Equal("Succeeded", attempt.Outcome));
    }

    [Fact]
    public async Task End_SaidTwice_ChangesNothing()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);
        Outcome.Failed failed = new("the network is down", FailureKind.Transient);
        Assert.Equal(JobState.Scheduled, await ledger.Leases.EndAsync(lease, failed, Cancelled));

        Assert.Equal(JobState.Scheduled, await ledger.Leases.EndAsync(lease, failed, Cancelled));
        Assert.Equal(1, (await ledger.JobAsync(id)).FailureCount);
        await Assert.ThrowsAsync<LeaseLostException>(() => ledger.Leases.EndAsync(lease, Outcome.Success(new { }), Cancelled));
    }

    [Fact]
    public async Task TransientFailure_SchedulesTheJobAfterABackOff()
    {
        Guid id = await ledger.EnqueueAsync();

        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("the network is down", FailureKind.Transient), Cancelled);

        Job job = await ledger.JobAsync(id);
        Attempt attempt = Assert.Single(await ledger.Jobs.ListAttemptsAsync(id, Cancelled));
        Assert.Equal((JobState.Scheduled, 1, "the network is down"), (job.State, job.FailureCount, job.Error));
        Assert.InRange(job.RunAt - attempt.EndedAt!.Value, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(2.5));
        Assert.Null(await ledger.Leases.ClaimAsync(id, "eager", "cpu", Cancelled));
    }

    [Fact]
    public async Task TransientFailures_EndTheJob_AtTheLimit()
    {
        Guid id = await ledger.EnqueueAsync();
        for (int failure = 1; failure <= 5; failure++)
        {
            await ledger.LetBecomeDueAsync(id);
            JobState state = await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.Failed("no network", FailureKind.Transient), Cancelled);
            Assert.Equal(failure < 5 ? JobState.Scheduled : JobState.Failed, state);
        }

        Assert.Equal("no network (given up after 5 failures)", (await ledger.JobAsync(id)).Error);
    }

    [Fact]
    public async Task PermanentFailure_EndsTheJobAtOnce_AlsoWhileOtherLanesLive()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease first = await ledger.ClaimAsync(id);
        Lease second = await ledger.ClaimAsync(id);

        Assert.Equal(JobState.Failed, await ledger.Leases.EndAsync(first, new Outcome.Failed("no such checkpoint", FailureKind.Permanent), Cancelled));

        Assert.Equal(LeaseStatus.JobEnded, await ledger.Leases.RenewAsync(second, Cancelled));
        Assert.Equal(JobState.Failed, await ledger.Leases.EndAsync(second, new Outcome.HandedBack("told to stop"), Cancelled));
        Assert.Equal("no such checkpoint", (await ledger.JobAsync(id)).Error);
    }

    [Fact]
    public async Task Failure_OfOneLane_LeavesTheJobRunning_AndDelaysNewClaims()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease first = await ledger.ClaimAsync(id);
        await ledger.ClaimAsync(id);

        Assert.Equal(JobState.Running, await ledger.Leases.EndAsync(first, new Outcome.Failed("crash", FailureKind.Transient), Cancelled));

        Assert.Null(await ledger.Leases.ClaimAsync(id, "eager", "cpu", Cancelled));
        await ledger.LetBecomeDueAsync(id);
        Assert.Equal(0, (await ledger.ClaimAsync(id)).Lane);
    }

    [Fact]
    public async Task HandBack_QueuesAtOnce_AndSpendsNothing()
    {
        Guid id = await ledger.EnqueueAsync();

        Assert.Equal(JobState.Queued, await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), new Outcome.HandedBack("the worker stops"), Cancelled));

        Job job = await ledger.JobAsync(id);
        Assert.Equal((0, 0, null), (job.FailureCount, job.LostCount, job.Error));
        Assert.Equal(2, (await ledger.ClaimAsync(id)).Attempt);
    }

    [Fact]
    public async Task HandBack_OfOneLane_LeavesTheJobRunning()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease first = await ledger.ClaimAsync(id);
        Lease second = await ledger.ClaimAsync(id);

        Assert.Equal(JobState.Running, await ledger.Leases.EndAsync(first, new Outcome.HandedBack("stop"), Cancelled));
        Assert.Equal(JobState.Queued, await ledger.Leases.EndAsync(second, new Outcome.HandedBack("stop"), Cancelled));
    }

    [Fact]
    public async Task Progress_IsKeptPartByPart()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease lease = await ledger.ClaimAsync(id);
        ProgressStore progress = new(ledger.Source);

        await progress.ReportAsync(lease, 1, 10, "listing", Cancelled);
        await progress.ReportAsync(lease, 2, null, null, Cancelled);

        Job job = await ledger.JobAsync(id);
        Assert.Equal((2L, 10L, "listing"), (job.DoneCount, job.TotalCount, job.Activity));
        Assert.Equal(JsonValueKind.Object, job.Arguments.ValueKind);
    }
}
