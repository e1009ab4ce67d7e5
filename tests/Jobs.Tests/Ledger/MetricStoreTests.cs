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

    [Fact]
    public async Task ReadNew_TakesNoMoreThanAScreenShows_AndLosesNoSpike()
    {
        const int StepCount = 5000, PointLimit = 100;
        Lease lease = await ledger.ClaimAsync(await ledger.EnqueueAsync());
        MetricStore metrics = new(ledger.Source);
        double Loss(long step) => step switch { 1234 => 99, 2345 => -99, 3456 => double.NaN, _ => 1.0 / step };
        await metrics.RecordAsync(lease, [.. Enumerable.Range(1, StepCount).Select(step => new MetricPoint("loss", step, Loss(step))), new("lr", 1, 0.1)], Cancelled);

        (IReadOnlyList<MetricPoint> points, DateTimeOffset next) = await metrics.ReadNewAsync(lease.JobId, since: null, PointLimit, Cancelled);

        MetricPoint[] loss = [.. points.Where(point => point.Name == "loss")];
        Assert.InRange(loss.Length, PointLimit / 2, PointLimit);
        Assert.All(loss, point => Assert.Equal(Loss(point.Step), point.Value));
        Assert.Contains(new MetricPoint("loss", 1234, 99), loss);
        Assert.Contains(new MetricPoint("loss", 2345, -99), loss);
        Assert.Contains(new MetricPoint("loss", 3456, double.NaN), loss);
        Assert.Equal((1, 5000), (loss[0].Step, loss[^1].Step));
        Assert.Equal([new("lr", 1, 0.1)], points.Except(loss));
        Assert.Empty((await metrics.ReadNewAsync(lease.JobId, next + TimeSpan.FromMinutes(1), PointLimit, Cancelled)).Points);
    }
}
