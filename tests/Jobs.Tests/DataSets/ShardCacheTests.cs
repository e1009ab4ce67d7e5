using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Data;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.DataSets;

public sealed class ShardCacheTests : IDisposable
{
    private const int Bytes = 100_000;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] Copies => Directory.Exists(_folder.File("cache")) ? Directory.GetFiles(_folder.File("cache")) : [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AShardReadToItsEnd_IsThere_ForAnyStretch_AndInOtherProcesses()
    {
        byte[] content = await KeepAsync(Cache(), Shard("a"), seed: 1);
        foreach ((long offset, long? length) in ((long, long?)[])[(0, null), (5, 10), (Bytes - 3, null)])
        {
            await using Stream? copy = await Cache().TryOpenAsync(Shard("a"), offset, length, Cancellation);
            byte[] read = await ReadAsync(copy!);
            Assert.Equal(content.AsSpan((int)offset, (int)(length ?? Bytes - offset)).ToArray(), read);
        }
        Assert.Null(await Cache().TryOpenAsync(Shard("a") with { Version = "other" }, 0, null, Cancellation));
    }

    [Fact]
    public async Task AShardThatWasLeftBeforeItsEnd_IsNotKept()
    {
        await using (Stream stream = Cache().Keep(Shard("a"), new MemoryStream(new byte[Bytes])))
            await stream.ReadExactlyAsync(new byte[Bytes - 1], Cancellation);
        Assert.Empty(Copies);
    }

    [Fact]
    public async Task ADamagedCopy_IsNoticedAndDeleted()
    {
        await KeepAsync(Cache(), Shard("a"), seed: 1);
        byte[] damaged = await File.ReadAllBytesAsync(Copies[0], Cancellation);
        damaged[Bytes / 2] ^= 1;
        await File.WriteAllBytesAsync(Copies[0], damaged, Cancellation);

        Assert.Null(await Cache().TryOpenAsync(Shard("a"), 0, null, Cancellation));
        Assert.Empty(Copies);
    }

    [Fact]
    public async Task TheBoundHolds_AndWhatWasUsedLongestAgoGoesFirst()
    {
        ShardCache cache = Cache(maximumBytes: 2 * Bytes + 10);
        foreach (string name in (string[])["a", "b"])
        {
            await KeepAsync(cache, Shard(name), seed: 1);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
        await (await cache.TryOpenAsync(Shard("a"), 0, 1, Cancellation))!.DisposeAsync();
        await KeepAsync(cache, Shard("c"), seed: 3);

        Assert.Equal(2, Copies.Length);
        Assert.Null(await cache.TryOpenAsync(Shard("b"), 0, null, Cancellation));
        await (await cache.TryOpenAsync(Shard("a"), 0, 1, Cancellation))!.DisposeAsync();
        await (await cache.TryOpenAsync(Shard("c"), 0, 1, Cancellation))!.DisposeAsync();
    }

    private ShardCache Cache(long maximumBytes = 1 << 30) => new(_folder.File("cache"), maximumBytes, _clock);

    private static DataFile Shard(string name) => new($"blob://local/data/{name}.tar", Bytes, "\"0x1\"");

    private static async Task<byte[]> KeepAsync(ShardCache cache, DataFile shard, int seed)
    {
        byte[] content = new byte[Bytes];
        new Random(seed).NextBytes(content);
        await using Stream stream = cache.Keep(shard, new MemoryStream(content));
        Assert.Equal(content, await ReadAsync(stream));
        return content;
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var read = new MemoryStream();
        await stream.CopyToAsync(read, Cancellation);
        return read.ToArray();
    }
}
