using System.Text;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Kinds.Export;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Export;

public sealed class ExportedBlobTests(AzuriteFixture azurite) : IDisposable
{
    private static readonly Guid Job = Guid.CreateVersion7();

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Write_OfAStoppedAndContinuedZombie_ChangesNothing_EvenWhereItHadCheckedItsLeaseBefore()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        ExportedBlob zombie = await FindAsync(blobs, Job), successor = await FindAsync(blobs, Job);

        // It checks its lease, is stopped, and is continued when its successor has written: only its second check finds the lease lost.
        int checks = 0;
        await Assert.ThrowsAsync<LeaseLostException>(() => WriteAsync(zombie, "stale", async () =>
        {
            if (++checks > 1)
                throw new LeaseLostException(Guid.NewGuid());
            await WriteAsync(successor, "fresh");
        }));

        Assert.Equal(2, checks);
        Assert.Equal("fresh", await ReadAsync(blobs));
    }

    [Fact]
    public async Task Write_RefusesWhatAStrangerPutThereMeanwhile()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        ExportedBlob blob = await FindAsync(blobs, Job);
        await blobs.WriteAsync("model.onnx", "theirs"u8.ToArray());

        await Assert.ThrowsAsync<JobException>(() => WriteAsync(blob, "ours"));

        Assert.Equal("theirs", await ReadAsync(blobs));
    }

    [Fact]
    public async Task Find_AcceptsWhatAnotherJobExportedFromTheSameCheckpoint_AndNoOthers()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        await WriteAsync(await FindAsync(blobs, Job), "first");

        await FindAsync(blobs, Guid.CreateVersion7());

        var refused = await Assert.ThrowsAsync<JobException>(() => FindAsync(blobs, Guid.CreateVersion7(), "blob://test/runs/other/ä b.pth"));
        Assert.Contains("overwrite", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<ExportedBlob> FindAsync(TestBlobs blobs, Guid job, string checkpoint = "blob://test/runs/flowers/größte.pth") => ExportedBlob.FindAsync(
        blobs.Accounts, blobs.Root.Combine("model.onnx"), new Lease(Guid.NewGuid(), job, "export", 1, 0),
        new ExportArguments { Checkpoint = checkpoint, Output = $"{blobs.Root.Combine("model.onnx")}" }, Token);

    private async Task WriteAsync(ExportedBlob blob, string text, Func<Task>? ensureLease = null)
    {
        string file = _folder.File(Guid.NewGuid().ToString("n"));
        await File.WriteAllTextAsync(file, text, Token);
        await blob.WriteAsync(file, ensureLease ?? (() => Task.CompletedTask), Token);
    }

    private static async Task<string> ReadAsync(TestBlobs blobs) =>
        Encoding.UTF8.GetString((await blobs.Store.ReadAsync(blobs.Root.Combine("model.onnx"), cancellation: Token)).Bytes);
}
