using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class ProgressStoreTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static readonly Outcome.Failed NetworkDown = new("the network is down", FailureKind.Transient);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private ProgressStore Progress => new(ledger.Source);

    [Fact]
    public async Task ProgressBeyondAnyBefore_ForgivesFailuresAndLosses()
    {
        Guid id = await ledger.EnqueueAsync();
        await FailAsync(id, after: 10);
        Lease lost = await ledger.ClaimAsync(id);
        await ledger.LetExpireAsync(lost);

        await Progress.ReportAsync(await ledger.ClaimAsync(id), 11, 100, null, Cancelled);

        Job job = await ledger.JobAsync(id);
        Assert.Equal((0, 0), (job.FailureCount, job.LostCount));
    }

    [Fact]
    public async Task ProgressOverTheSameGround_DoesNotSaveAJobThatAlwaysFailsInOnePlace()
    {
        Guid id = await ledger.EnqueueAsync();
        for (int failure = 1; failure <= ledger.Retry.FailureLimit; failure++)
            await FailAsync(id, after: 10);

        Assert.Equal(JobState.Failed, (await ledger.JobAsync(id)).State);
    }

    [Fact]
    public async Task Report_IsRefused_AfterTheLeaseExpired()
    {
        Lease lease = await ledger.ClaimAsync(await ledger.EnqueueAsync());
        await ledger.LetExpireAsync(lease);

        await Assert.ThrowsAsync<LeaseLostException>(() => Progress.ReportAsync(lease, 1, null, null, Cancelled));
    }

    // Resumes from the start, as an attempt without a checkpoint does, and fails at the same point.
    private async Task FailAsync(Guid id, long after)
    {
        Lease lease = await ledger.ClaimAsync(id);
        await Progress.ReportAsync(lease, after / 2, 100, null, Cancelled);
        await Progress.ReportAsync(lease, after, 100, null, Cancelled);
        await ledger.Leases.EndAsync(lease, NetworkDown, Cancelled);
        await ledger.LetBecomeDueAsync(id);
    }
}
