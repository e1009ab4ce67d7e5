using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class ClaimTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claim_TakesTheLaneAndStartsTheJob()
    {
        Guid id = await ledger.EnqueueAsync();

        Lease lease = await ledger.ClaimAsync(id, "alpha");

        Job job = await ledger.JobAsync(id);
        Assert.Equal((id, "probe", 1, 0), (lease.JobId, lease.Kind, lease.Attempt, lease.Lane));
        Assert.Equal((JobState.Running, 1), (job.State, job.AttemptCount));
        Assert.NotNull(job.StartedAt);
        Attempt attempt = Assert.Single(await ledger.Jobs.ListAttemptsAsync(id, Cancelled));
        Assert.Equal(("alpha", "cpu", null), (attempt.Worker, attempt.Device, attempt.Outcome));
        Assert.Equal(ledger.Options.LeaseDuration.TotalSeconds, (attempt.LeaseExpiresAt - attempt.StartedAt).TotalSeconds, tolerance: 1);
    }

    [Fact]
    public async Task Claim_GivesEachLaneToOneHolder_WhenManyWorkersClaimAtOnce()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 5);

        Lease?[] leases = await Task.WhenAll(Enumerable.Range(0, 40).Select(worker =>
            Task.Run(() => ledger.Leases.ClaimAsync(id, $"worker {worker}", "cpu", Cancelled), Cancelled)));

        Lease[] held = [.. leases.OfType<Lease>()];
        Assert.Equal([0, 1, 2, 3, 4], held.Select(lease => lease.Lane).Order());
        Assert.Equal([1, 2, 3, 4, 5], held.Select(lease => lease.Attempt).Order());
        Assert.Equal(JobState.Running, (await ledger.JobAsync(id)).State);
    }

    [Fact]
    public async Task Claim_TakesTheLowestFreeLane()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 3);
        await ledger.ClaimAsync(id);
        Lease second = await ledger.ClaimAsync(id);
        await ledger.ClaimAsync(id);
        await ledger.Leases.EndAsync(second, new Outcome.HandedBack("test"), Cancelled);

        Assert.Equal(1, (await ledger.ClaimAsync(id)).Lane);
    }

    [Fact]
    public async Task Claim_FindsNothing_WhenThereIsNoSuchJob() =>
        Assert.Null(await ledger.Leases.ClaimAsync(Guid.CreateVersion7(), "worker", "cpu", Cancelled));

    [Fact]
    public async Task Claim_FindsNothing_BeforeTheJobIsDue()
    {
        JobRequest request = JobRequest.For(new ProbeArguments { Name = "later" }) with { NotBefore = TimeProvider.System.GetUtcNow().AddHours(1) };
        await ledger.Jobs.EnqueueAsync(request, Cancelled);

        Assert.Equal(JobState.Scheduled, (await ledger.JobAsync(request.Id)).State);
        Assert.Null(await ledger.Leases.ClaimAsync(request.Id, "worker", "cpu", Cancelled));
        await ledger.LetBecomeDueAsync(request.Id);
        Assert.NotNull(await ledger.Leases.ClaimAsync(request.Id, "worker", "cpu", Cancelled));
    }

    [Fact]
    public async Task Claim_FindsNothing_WhenTheJobHasEnded()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        await ledger.Leases.EndAsync(await ledger.ClaimAsync(id), Outcome.Success(new { }), Cancelled);

        Assert.Null(await ledger.Leases.ClaimAsync(id, "worker", "cpu", Cancelled));
    }

    [Fact]
    public async Task Claim_TakesOverTheLane_WhenTheLeaseExpired()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease dead = await ledger.ClaimAsync(id, "dead");
        Assert.Null(await ledger.Leases.ClaimAsync(id, "second", "cpu", Cancelled));
        await ledger.LetExpireAsync(dead);

        Lease taken = await ledger.ClaimAsync(id, "second");

        Assert.Equal((0, 2), (taken.Lane, taken.Attempt));
        Job job = await ledger.JobAsync(id);
        Assert.Equal((JobState.Running, 1, 0), (job.State, job.LostCount, job.FailureCount));
        Assert.Equal(["Lost", null], (await ledger.Jobs.ListAttemptsAsync(id, Cancelled)).Select(attempt => attempt.Outcome));
    }

    [Fact]
    public async Task Claim_LeavesTheOtherLanesAlone_WhenOneIsTakenOver()
    {
        Guid id = await ledger.EnqueueAsync(laneCount: 2);
        Lease dead = await ledger.ClaimAsync(id);
        Lease live = await ledger.ClaimAsync(id);
        await ledger.LetExpireAsync(dead);

        Assert.Equal(0, (await ledger.ClaimAsync(id)).Lane);
        Assert.Equal(LeaseStatus.Held, await ledger.Leases.RenewAsync(live, Cancelled));
    }

    [Fact]
    public async Task Expire_QueuesTheJob_WhenItsOnlyWorkerFellSilent()
    {
        Guid id = await ledger.EnqueueAsync();
        Lease dead = await ledger.ClaimAsync(id, "dead");
        await ledger.LetExpireAsync(dead);

        IReadOnlyList<LostAttempt> lost = await ledger.Leases.ExpireAsync(Cancelled);

        Assert.Contains(new LostAttempt(id, "probe", 1, 0, "dead"), lost);
        Assert.Equal(JobState.Queued, (await ledger.JobAsync(id)).State);
        Assert.DoesNotContain(await ledger.Leases.ExpireAsync(Cancelled), attempt => attempt.JobId == id);
    }

    [Fact]
    public async Task Expire_FailsTheJob_WhenItsWorkersKeepDying()
    {
        Guid id = await ledger.EnqueueAsync();
        for (int death = 0; death <= ledger.Retry.LostLimit; death++)
        {
            Assert.NotEqual(JobState.Failed, (await ledger.JobAsync(id)).State);
            await ledger.LetExpireAsync(await ledger.ClaimAsync(id));
            await ledger.Leases.ExpireAsync(Cancelled);
        }

        Job job = await ledger.JobAsync(id);
        Assert.Equal((JobState.Failed, 21, 0), (job.State, job.LostCount, job.FailureCount));
        Assert.Contains("21 times", job.Error, StringComparison.Ordinal);
    }
}
