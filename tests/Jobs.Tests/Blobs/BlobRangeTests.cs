using HrNetBatch.Jobs.Blobs;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Tests.Blobs;

public class BlobRangeTests(AzuriteFixture azurite)
{
    private const int ContentBytes = 6 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, null)]
    [InlineData(3_000_001, null)]
    [InlineData(1_048_570, 12L)]
    [InlineData(5, 2_500_000L)]
    [InlineData(ContentBytes - 1, 100L)]
    [InlineData(ContentBytes, 1L)]
    public async Task AnyStretch_IsItsBytes_WithSeveralRangesUnderWay(int offset, long? length)
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        (byte[] content, BlobEntry blob) = await WriteAsync(blobs);

        byte[] read = await ReadAsync(StoreOf(blobs.Accounts).OpenRange(blob, offset, length));

        Assert.True(content.AsSpan(offset, (int)Math.Min(length ?? ContentBytes, ContentBytes - offset)).SequenceEqual(read));
    }

    [Fact]
    public async Task ConnectionsThatBreak_AreResumedAtTheByte()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        (byte[] content, BlobEntry blob) = await WriteAsync(blobs);
        await using var proxy = new FaultyNetwork(blobs.Accounts.Service("test").Uri.Port, NetworkFault.Reset, bytesUntilFault: 300_000);

        byte[] read = await ReadAsync(StoreOf(await ThroughAsync(blobs, proxy.Port)).OpenRange(blob));

        Assert.True(content.AsSpan().SequenceEqual(read));
        Assert.True(proxy.FaultCount >= 12, $"the connection broke {proxy.FaultCount} times");
    }

    [Fact]
    public async Task ConnectionsThatFallSilent_AreGivenUpAfterTheTimeout_AndResumedAtTheByte()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        (byte[] content, BlobEntry blob) = await WriteAsync(blobs);
        await using var network = new FaultyNetwork(blobs.Accounts.Service("test").Uri.Port, NetworkFault.Silence, bytesUntilFault: 700_000, faults: 5);

        byte[] read = await ReadAsync(StoreOf(await ThroughAsync(blobs, network.Port), stall: TimeSpan.FromSeconds(0.5)).OpenRange(blob));

        Assert.True(content.AsSpan().SequenceEqual(read));
        Assert.Equal(5, network.FaultCount);
        // What had arrived was not asked for again: headers, and what was in the air at each silence, are all there is besides.
        Assert.InRange(network.CarriedBytes, ContentBytes, ContentBytes + (1 << 20));
    }

    [Fact]
    public async Task ANetworkThatStaysSilent_IsAnError_WithBlobAndByte()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        (_, BlobEntry blob) = await WriteAsync(blobs);
        await using var network = new FaultyNetwork(blobs.Accounts.Service("test").Uri.Port, NetworkFault.Silence, bytesUntilFault: 100_000);
        BlobStore store = StoreOf(await ThroughAsync(blobs, network.Port), stall: TimeSpan.FromSeconds(0.2), retries: 0);

        var error = await Assert.ThrowsAsync<BlobException>(() => ReadAsync(store.OpenRange(blob)));

        Assert.True(error.IsTransient);
        Assert.Matches("Reading byte [0-9]+ of 'blob://test/.*/shard.tar': the connection failed. Nothing arrived for 0.2 s", error.Message);
    }

    [Fact]
    public async Task ABlobThatIsReplacedMeanwhile_IsAnError_AndNeverAMixture()
    {
        TestBlobs blobs = await TestBlobs.CreateAsync(azurite);
        (_, BlobEntry blob) = await WriteAsync(blobs);
        await using Stream stream = StoreOf(blobs.Accounts).OpenRange(blob);
        await stream.ReadExactlyAsync(new byte[10], Cancellation);
        await blobs.WriteAsync("shard.tar", new byte[ContentBytes]);

        var error = await Assert.ThrowsAsync<BlobException>(() => stream.CopyToAsync(Stream.Null, Cancellation));

        Assert.True(error.IsChanged);
        Assert.False(error.IsTransient);
    }

    private static async Task<(byte[] Content, BlobEntry Blob)> WriteAsync(TestBlobs blobs)
    {
        byte[] content = new byte[ContentBytes];
        new Random(1).NextBytes(content);
        BlobEntry written = await blobs.WriteAsync("shard.tar", content);
        return (content, written);
    }

    private static BlobStore StoreOf(BlobAccounts accounts, TimeSpan? stall = null, int retries = 6) => new(accounts, Options.Create(new BlobReadingOptions
    {
        RangeBytes = 1 << 20,
        RangesAtOnce = 3,
        StallTimeout = stall ?? TimeSpan.FromSeconds(20),
        RetryCount = retries,
        RetryDelay = TimeSpan.FromMilliseconds(10),
    }));

    private async Task<BlobAccounts> ThroughAsync(TestBlobs blobs, int port) => TestBlobs.AccountsOf(
        (await azurite.ConnectionStringAsync()).Replace($":{blobs.Accounts.Service("test").Uri.Port}", $":{port}", StringComparison.Ordinal));

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        await using (stream)
        {
            using var read = new MemoryStream();
            await stream.CopyToAsync(read, Cancellation);
            return read.ToArray();
        }
    }
}
