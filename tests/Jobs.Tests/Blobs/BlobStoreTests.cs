using System.Text;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Blobs;

public class BlobStoreTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_IsReadBack_AsAStreamAndWhole()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var written = await blobs.WriteAsync("a/b.txt", "hello"u8.ToArray());

        await using var stream = await blobs.Store.OpenReadAsync(written.Path, cancellation: Cancellation);
        var whole = await blobs.Store.ReadAsync(written.Path, written.ETag, cancellation: Cancellation);

        Assert.Equal("hello", await new StreamReader(stream).ReadToEndAsync(Cancellation));
        Assert.Equal("hello", Encoding.UTF8.GetString(whole.Bytes));
        Assert.Equal(written, await blobs.Store.FindAsync(written.Path, Cancellation));
    }

    [Fact]
    public async Task Read_RefusesAnotherVersion()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var old = await blobs.WriteAsync("a", "old"u8.ToArray());
        await blobs.WriteAsync("a", "new"u8.ToArray());

        var error = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.ReadAsync(old.Path, old.ETag, cancellation: Cancellation));

        Assert.True(error.IsChanged);
    }

    [Fact]
    public async Task Read_RefusesABlobThatIsTooLarge()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var blob = await blobs.WriteAsync("a", new byte[11]);

        var error = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.ReadAsync(blob.Path, maximumBytes: 10, cancellation: Cancellation));

        Assert.True(error.IsUnreadable);
        Assert.Contains("11 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_ReplacesOnlyTheVersionItMay()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var path = blobs.Root.Combine("a");
        var first = await blobs.Store.UploadAsync(path, new MemoryStream([1]), new Replaces(null), Cancellation);

        var there = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.UploadAsync(path, new MemoryStream([2]), new Replaces(null), Cancellation));
        await blobs.Store.UploadAsync(path, new MemoryStream([3]), new Replaces(first.ETag), Cancellation);
        var changed = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.UploadAsync(path, new MemoryStream([4]), new Replaces(first.ETag), Cancellation));

        Assert.True(there.IsChanged);
        Assert.True(changed.IsChanged);
        Assert.Equal([3], (await blobs.Store.ReadAsync(path, cancellation: Cancellation)).Bytes);
    }

    [Fact]
    public async Task OpenRead_ResumesWhereTheConnectionBroke()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var content = new byte[20 << 20];
        new Random(1).NextBytes(content);
        var blob = await blobs.WriteAsync("shard.tar", content);
        var endpoint = blobs.Accounts.Service("test").Uri;
        await using var proxy = new FaultyNetwork(endpoint.Port, NetworkFault.Reset, bytesUntilFault: 3 << 20);
        var throughProxy = new BlobStore(TestBlobs.AccountsOf(
            (await azurite.ConnectionStringAsync()).Replace($":{endpoint.Port}", $":{proxy.Port}", StringComparison.Ordinal)));

        await using var stream = await throughProxy.OpenReadAsync(blob.Path, cancellation: Cancellation);
        var read = new MemoryStream();
        await stream.CopyToAsync(read, Cancellation);

        Assert.True(proxy.FaultCount >= 5, $"the connection broke {proxy.FaultCount} times");
        Assert.True(content.AsSpan().SequenceEqual(read.ToArray()));
    }

    [Fact]
    public async Task List_KeepsToItsFolder_InOrder_PageByPage()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        foreach (var name in new[] { "cats/2", "cats/1", "cats/sub/3", "catsup/4", "dogs/5" }) await blobs.WriteAsync(name, [1]);

        Assert.Equal(["cats/1", "cats/2", "cats/sub/3"], await blobs.NamesAsync("cats"));
        Assert.Equal(["cats/1", "cats/2", "cats/sub/3", "catsup/4"], await blobs.NamesAsync("cat*"));

        var first = await blobs.Store.ListPageAsync(blobs.Root, null, 2, Cancellation);
        var second = await blobs.Store.ListPageAsync(blobs.Root, first.Continuation, 3, Cancellation);
        Assert.Equal(["cats/1", "cats/2"], first.Blobs.Select(b => b.Path.Name));
        Assert.Equal(["cats/sub/3", "catsup/4", "dogs/5"], second.Blobs.Select(b => b.Path.Name));
        Assert.Null(second.Continuation);
    }

    [Fact]
    public async Task Delete_SaysWhetherThereWasABlob()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var blob = await blobs.WriteAsync("a", [1]);

        Assert.True(await blobs.Store.DeleteAsync(blob.Path, Cancellation));
        Assert.False(await blobs.Store.DeleteAsync(blob.Path, Cancellation));
        Assert.Null(await blobs.Store.FindAsync(blob.Path, Cancellation));
    }

    [Fact]
    public async Task DownloadToTemporaryFile_LeavesNoFileBehind()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var blob = await blobs.WriteAsync("weights.pth", "weights"u8.ToArray());

        string name;
        await using (var file = await blobs.Store.DownloadToTemporaryFileAsync(blob.Path, blob.ETag, Cancellation))
        {
            name = file.Name;
            Assert.Equal("weights", await new StreamReader(file, leaveOpen: true).ReadToEndAsync(Cancellation));
            Assert.EndsWith(".pth", name, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(name));
    }

    [Fact]
    public async Task AMissingBlobOrContainer_IsPermanent_AndNamed()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var nowhere = new BlobPath("test", "no-such-container", "");

        var blob = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.OpenReadAsync(blobs.Root.Combine("Cat.jpg"), cancellation: Cancellation));
        var container = await Assert.ThrowsAsync<BlobException>(() => blobs.Store.ListPageAsync(nowhere, null, 10, Cancellation));

        Assert.False(blob.IsTransient);
        Assert.True(blob.IsMissing);
        Assert.Contains("Cat.jpg", blob.Message, StringComparison.Ordinal);
        Assert.False(container.IsTransient);
        Assert.Contains("'no-such-container'", container.Message, StringComparison.Ordinal);
        Assert.Contains("hrnet upload", container.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GivingUp_IsACancellation_AndNoFailureOfTheService()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var blob = await blobs.WriteAsync("large", new byte[12 << 20]);
        await using var stream = await blobs.Store.OpenReadAsync(blob.Path, cancellation: Cancellation);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var reading = stream.CopyToAsync(new CallbackStream(giveUp.Cancel), giveUp.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blobs.Store.ReadAsync(blob.Path, cancellation: giveUp.Token));
    }

    [Fact]
    public async Task CreateContainer_MayBeRepeated()
    {
        var blobs = await TestBlobs.CreateAsync(azurite);
        var path = new BlobPath("test", $"new-{Guid.NewGuid():N}", "");

        await blobs.Store.CreateContainerAsync(path, Cancellation);
        await blobs.Store.CreateContainerAsync(path, Cancellation);

        Assert.Empty((await blobs.Store.ListPageAsync(path, null, 10, Cancellation)).Blobs);
    }

    /// <summary>Calls back at each write.</summary>
    private sealed class CallbackStream(Action written) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            written();
            return ValueTask.CompletedTask;
        }
    }
}
