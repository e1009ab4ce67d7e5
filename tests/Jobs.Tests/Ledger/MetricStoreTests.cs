using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class MetricStoreTests(LedgerDatabase ledger) : IClassFixture<LedgerDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Record_Overwrites_WhenAResumedAttemptRepeatsSteps()
    {
        Lease lease = await ledger.ClaimAsync(await ledger.EnqueueAsync());
        MetricStore metrics = new(ledger.Source);
        await metrics.RecordAsync(lease, [new("loss", 10, 2.0), new("loss", 20, 1.5), new("lr", 10, 0.1)], Cancelled);

        await metrics.RecordAsync(lease, [new("loss", 20, 1.25), new("loss", 20, 1.0), new("loss", 30, double.NaN)], Cancelled);

        Assert.Equal(
            [new("loss", 10, 2.0), new("loss", 20, 1.0), new("loss", 30, double.NaN), new("lr", 10, 0.1)],
            await metrics.ReadAsync(lease.JobId, cancellation: Cancelled));
        Assert.Equal([new("loss", 20, 1.0), new("loss", 30, double.NaN)], await metrics.ReadAsync(lease.JobId, "loss", sinceStep: 10, Cancelled));
        Assert.Empty(await metrics.ReadAsync(Guid.CreateVersion7(), cancellation: Cancelled));
    }
}
