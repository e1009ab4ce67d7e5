using HrNetBatch.Jobs.Tests.Blobs;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.DataSets;

public sealed class CacheFillingTests(AzuriteFixture azurite) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1 << 20, 2)]
    [InlineData(15_000, 0)]    // one of them would fit, all do not
    public async Task ShardsThatAllFit_AreCopiedWhole(long cacheBytes, int expected)
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        foreach (string name in (string[])["a.tar", "b.tar"])
        {
            using var tar = new MemoryStream();
            await using (var writer = new ShardWriter(tar))
                await writer.WriteAsync("key", "jpg", new byte[8000], 0, Cancellation);
            await blobs.WriteAsync($"set/{name}", tar.ToArray());
        }
        var cache = new ShardCache(_folder.File("cache"), cacheBytes, TimeProvider.System);
        var files = new BlobFiles(blobs.Store, cache);
        DataSet data = await new DataSetFinder(files).FindAsync($"{blobs.Root.Combine("set/")}", cancellationToken: Cancellation);

        await new CacheFilling(data, files, cache, cacheBytes).RunAsync(Cancellation);

        Assert.Equal(expected, Directory.Exists(_folder.File("cache")) ? Directory.GetFiles(_folder.File("cache"), "*.shard").Length : 0);
    }
}
