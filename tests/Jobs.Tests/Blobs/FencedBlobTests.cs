using System.Text;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Blobs;

public sealed class FencedBlobTests(AzuriteFixture azurite)
{
    private static readonly Guid Job = Guid.CreateVersion7();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_OfAStoppedAndContinuedZombie_ChangesNothing_EvenWhereItHadCheckedItsLeaseBefore()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        FencedBlob zombie = await ClaimAsync(blobs, Job);
        await WriteAsync(zombie, "first");
        FencedBlob successor = await ClaimAsync(blobs, Job);

        // It checks its lease, is stopped, and is continued after the take-over: only its second check finds the lease lost.
        int checks = 0;
        await Assert.ThrowsAsync<LeaseLostException>(() => WriteAsync(zombie, "stale", () =>
            ++checks == 1 ? Task.CompletedTask : throw new LeaseLostException(Guid.NewGuid())));

        Assert.Equal(2, checks);
        Assert.Equal("first", await ReadAsync(blobs));
        await WriteAsync(successor, "second");
        Assert.Equal("second", await ReadAsync(blobs));
    }

    [Fact]
    public async Task Write_ReplacesWhatAZombieCreatedMeanwhile_WhileTheLeaseIsHeld()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        FencedBlob zombie = await ClaimAsync(blobs, Job), successor = await ClaimAsync(blobs, Job);
        Assert.False(successor.Exists);
        await WriteAsync(zombie, "stale");

        await WriteAsync(successor, "fresh");

        Assert.Equal("fresh", await ReadAsync(blobs));
    }

    [Fact]
    public async Task Claim_RefusesABlobThatNoTrainJobWrote()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        await blobs.WriteAsync("run/checkpoint.pth.tar", [1, 2, 3]);

        var refused = await Assert.ThrowsAsync<JobException>(() => ClaimAsync(blobs, Job));

        Assert.Contains("was not written by a train job", refused.Message, StringComparison.Ordinal);
        Assert.Contains("initialCheckpoint", refused.Message, StringComparison.Ordinal);
    }

    private static Task<FencedBlob> ClaimAsync(TestBlobs blobs, Guid job) =>
        FencedBlob.ClaimAsync(blobs.Accounts, blobs.Root.Combine("run/checkpoint.pth.tar"), new Lease(Guid.NewGuid(), job, "train", 1, 0), Token);

    private static Task WriteAsync(FencedBlob blob, string text, Func<Task>? checkLease = null) =>
        blob.WriteAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), checkLease ?? (() => Task.CompletedTask), Token);

    private static async Task<string> ReadAsync(TestBlobs blobs) =>
        Encoding.UTF8.GetString((await blobs.Store.ReadAsync(blobs.Root.Combine("run/checkpoint.pth.tar"), cancellation: Token)).Bytes);
}
