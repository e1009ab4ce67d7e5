using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Execution;

namespace HrNetBatch.Jobs.Tests.Classify;

public class FinisherTests(ClassifyStack stack) : IClassFixture<ClassifyStack>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WritesTheSameBytesAgain_WhenTheFirstFinisherDiedBeforeItsOutcome()
    {
        var blobs = await stack.InputAsync(7, brokenEach: 3);
        var (job, first) = await WorkedAsync(blobs);
        using var stop = new AttemptStop();
        Assert.NotNull(await stack.Get<Finisher>().RunAsync(ClassifyJob.Of(await stack.AttemptAsync(first, stop)), Cancellation));
        var written = await VersionsAsync(blobs);
        await stack.LetExpireAsync(first);

        await stack.SucceedAsync(job);

        Assert.Equal(written, await VersionsAsync(blobs));
        Assert.Equal(7, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task Run_CannotPutAnOldManifestOverANewerOne()
    {
        var blobs = await stack.InputAsync(4, brokenEach: 3);
        var (job, zombie) = await WorkedAsync(blobs);
        await stack.LetExpireAsync(zombie);
        using var stop = new AttemptStop();
        var attempt = ClassifyJob.Of(await stack.AttemptAsync(zombie, stop));

        await stack.SucceedAsync(job);

        await Assert.ThrowsAsync<LeaseLostException>(() => stack.Get<Finisher>().RunAsync(attempt, Cancellation));
        Assert.Equal(4, (await stack.RowsAsync(blobs)).Count);
    }

    [Fact]
    public async Task Run_IsDoneByOneLane()
    {
        var blobs = await stack.InputAsync(3);
        var (job, first) = await WorkedAsync(blobs, laneCount: 2);
        var second = await stack.ClaimAsync(job);
        using var stop = new AttemptStop();

        var results = await Task.WhenAll(FinishAsync(first), FinishAsync(second));

        Assert.Single(results, result => result is not null);

        async Task<ClassifyResult?> FinishAsync(Lease lease)
        {
            var result = await stack.Get<Finisher>().RunAsync(ClassifyJob.Of(await stack.AttemptAsync(lease, stop)), Cancellation);
            if (result is not null) await stack.Leases.EndAsync(lease, Outcome.Success(result), Cancellation);
            return result;
        }
    }

    [Fact]
    public async Task Run_RefusesAManifestThatIsNone()
    {
        var blobs = await stack.InputAsync(1);
        await blobs.WriteAsync("out/manifest.json", "my own notes"u8.ToArray());

        var failed = Ended.As<Outcome.Failed>(await stack.RunAsync(await stack.SubmitAsync(blobs)));

        Assert.Equal(FailureKind.Permanent, failed.Kind);
        Assert.Contains("out/manifest.json", failed.Error, StringComparison.Ordinal);
    }

    /// <summary>A job all of whose units are committed, and the attempt that did it and still lives.</summary>
    private async Task<(Guid Job, Lease Lease)> WorkedAsync(TestBlobs blobs, int laneCount = 1)
    {
        var job = await stack.SubmitAsync(blobs, a => a with { LaneCount = laneCount });
        var lease = await stack.ClaimAsync(job);
        using var stop = new AttemptStop();
        var attempt = ClassifyJob.Of(await stack.AttemptAsync(lease, stop));
        await stack.Get<OutputClaims>().ClaimAsync(attempt, Cancellation);
        await stack.Get<UnitPlanner>().RunAsync(attempt, Cancellation);
        await stack.Get<UnitWorker>().RunAsync(attempt, Cancellation);
        return (job, lease);
    }

    private async Task<List<string>> VersionsAsync(TestBlobs blobs)
    {
        var versions = new List<string>();
        await foreach (var blob in stack.Store.ListAsync(blobs.Root.Combine("out"), Cancellation))
        {
            var content = await stack.Store.ReadAsync(blob.Path, cancellation: Cancellation);
            versions.Add($"{blob.Path.Name} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content.Bytes))}");
        }
        return versions;
    }
}
