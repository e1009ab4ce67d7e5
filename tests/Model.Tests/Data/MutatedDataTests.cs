using System.Formats.Tar;
using System.IO.Compression;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Data.Layouts;
using HrNetBatch.Model.Tests.Data.Tar;
using HrNetBatch.TestKit;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>Whatever a file of a data set holds, reading it ends with samples or with a fault that names the file, and soon, and in little memory.</summary>
public sealed class MutatedDataTests
{
    private const int Count = 3000;
    private const long MostBytes = 200 << 20;

    // Of .NET's and of a library's own messages, which tell nobody what to do with a file.
    private static readonly string[] ForeignWords =
        ["LineNumber", "BytePositionInLine", "archive entry", "given key", "requested operation", "identified items", "Object reference", "Exception", "invalid data while", "Data corruption", "Src size"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly ITestOutputHelper _output;

    public MutatedDataTests(ITestOutputHelper output) => _output = output;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DamagedTars_GiveSamplesOrAFaultThatNamesThem()
    {
        await AssertAsync("set/t-0.tar", Mutations.Of(await TarsAsync(), Count, seed: 1), bytes => new MemoryFiles { ["set/t-0.tar"] = bytes });
    }

    [Fact]
    public async Task DamagedTarsOfImages_GiveSamplesOrAFaultThatNamesThem()
    {
        byte[] inner = [.. TarBytes.Member("n01_1.JPEG", new byte[600]), .. TarBytes.Member("n01_2.JPEG", new byte[10]), .. TarBytes.End];
        (string, byte[])[] tars =
        [
            ("nested", [.. TarBytes.Member("n01.tar", inner), .. TarBytes.Member("n02.tar", inner), .. TarBytes.End]),
            ("flat", [.. TarBytes.Member("ILSVRC2012_val_1.JPEG", new byte[600]), .. TarBytes.Member("ILSVRC2012_val_2.JPEG", new byte[10]), .. TarBytes.End]),
        ];
        await AssertAsync("set/t-0.tar", Mutations.Of(tars, Count / 3, seed: 2), bytes => new MemoryFiles
        {
            ["set/t-0.tar"] = bytes,
            ["set/validation_synset_labels.txt"] = "n01\nn02\n"u8.ToArray(),
        });
    }

    [Fact]
    public async Task DamagedMdsShards_GiveSamplesOrAFaultThatNamesThem()
    {
        (byte[] index, byte[] shard) = Mds(compresses: false);
        await AssertAsync("set/", Mutations.Of([("shard", shard)], Count / 3, seed: 3), bytes => new MemoryFiles
        {
            ["set/index.json"] = Resized(index, shard.Length, bytes.Length),
            ["set/shard.00000.mds"] = bytes,
        });
        (byte[] packedIndex, byte[] packed) = Mds(compresses: true);
        await AssertAsync("set/shard.00000.mds.zstd", Mutations.Of([("packed shard", packed)], Count / 3, seed: 4), bytes => new MemoryFiles
        {
            ["set/index.json"] = packedIndex,
            ["set/shard.00000.mds.zstd"] = bytes,
        });
    }

    [Fact]
    public async Task DamagedLists_GiveSamplesOrAFaultThatNamesThem()
    {
        (byte[] index, byte[] shard) = Mds(compresses: false);
        await AssertAsync("set/", Mutations.Of([("index.json", index)], Count / 2, seed: 5), bytes => new MemoryFiles { ["set/index.json"] = bytes, ["set/shard.00000.mds"] = shard });

        byte[] tar = [.. TarBytes.Member("a.jpg", new byte[600]), .. TarBytes.Member("a.cls", "1"u8.ToArray()), .. TarBytes.End];
        byte[] info = """{"splits": {"train": {"num_samples": 1, "filenames": "t-{0..0}.tar", "shard_lengths": [1]}}}"""u8.ToArray();
        await AssertAsync("set/", Mutations.Of([("_info.json", info)], Count / 3, seed: 6), bytes => new MemoryFiles { ["set/_info.json"] = bytes, ["set/t-0.tar"] = tar });

        var files = new MemoryFiles { ["set/t-0.tar"] = tar };
        await ShardIndexer.WriteAsync(files, (await files.FindAsync("set/t-0.tar", Token))!, DataLayout.WebDataset, Token);
        byte[] places = await BytesAsync(files, "set/t-0.tar.index");
        await AssertAsync("set/", Mutations.Of([("index", places)], Count / 3, seed: 7), bytes => new MemoryFiles { ["set/t-0.tar"] = tar, ["set/t-0.tar.index"] = bytes });
    }

    private async Task AssertAsync(string file, IEnumerable<Mutation> mutations, Func<byte[], MemoryFiles> files)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(Patience);
        int resultCount = 0, faultCount = 0;
        long most = 0;
        foreach (Mutation mutation in mutations)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                await ReadAsync(files(mutation.Bytes), patience.Token);
                resultCount++;
            }
            catch (ShardException fault)
            {
                faultCount++;
                Assert.True(fault.Message.Contains(file, StringComparison.Ordinal), $"{mutation.Description} names no file: {fault.Message}");
                Assert.False(fault.InnerException is IOException, $"{mutation.Description} is not permanent: {fault.InnerException}");
                Assert.False(ForeignWords.Any(word => fault.Message.Contains(word, StringComparison.Ordinal)), $"{mutation.Description}: {fault.Message}");
            }
            catch (Exception defect) when (defect is not OperationCanceledException)
            {
                Assert.Fail($"{mutation.Description}: {defect}");
            }
            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        _output.WriteLine($"{resultCount} results, {faultCount} faults, at most {most / 1e6:0.0} MB allocated for one");
        Assert.True(faultCount > 0 && resultCount > 0, $"{resultCount} results, {faultCount} faults");
        Assert.InRange(most, 0, MostBytes);
    }

    // As a job does: find, prepare, read all, and what a resumed one does: read from the middle and single samples.
    private static async Task ReadAsync(MemoryFiles files, CancellationToken cancellation)
    {
        DataSet data = await new DataSetFinder(files).FindAsync("set/", cancellationToken: cancellation);
        foreach (Shard shard in data.Shards)
        {
            await shard.PrepareAsync(cancellation);
            long count = 0;
            await foreach (Sample sample in shard.ReadAsync(0, cancellation))
            {
                LabeledImage.TryRead(sample, requiresLabel: true, out _, out _);
                count++;
            }
            data.Counted(shard, count);
            await foreach (Sample _ in shard.ReadAsync(1, cancellation))
                continue;
            if (count > 0)
                await foreach ((long, Sample) _ in shard.PickAsync([count - 1], cancellation))
                    continue;
        }
        _ = (data.SampleCount, data.LeftOut);
    }

    private static async Task<(string, byte[])[]> TarsAsync()
    {
        byte[] image = [.. Enumerable.Range(0, 900).Select(value => (byte)(value * 7))];
        byte[] gnu = await Shards.WriteAsync(async writer =>
        {
            await writer.WriteAsync("a", "jpg", image, 1);
            await writer.WriteAsync($"{new string('d', 120)}/b", "jpg", image.AsMemory(0, 300), 2);
        });
        using var pax = new MemoryStream();
        await using (var writer = new TarWriter(pax, TarEntryFormat.Pax, leaveOpen: true))
            foreach (string name in (string[])["ü.jpg", "ü.cls", "ö.jpg", "ö.json"])
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(name.EndsWith("jpg", StringComparison.Ordinal) ? image : "3"u8.ToArray()) }, Token);
        byte[] sparse =
        [
            .. TarBytes.Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s.jpg"), ("GNU.sparse.realsize", "5000")),
            .. TarBytes.Member("GNUSparseFile.1/s.jpg", [.. "2\n0\n400\n2000\n500\n"u8, .. new byte[512 - 17], .. image]), .. TarBytes.Member("s.cls", "1"u8.ToArray()), .. TarBytes.End,
        ];
        byte[] old =
        [
            .. TarBytes.Member("s.jpg", image, 'S', block =>
            {
                TarBytes.Octal(block, 386, 12, 512);
                TarBytes.Octal(block, 398, 12, 900);
                TarBytes.Octal(block, 483, 12, 9000);
            }), .. TarBytes.Member("s.cls", "1"u8.ToArray()), .. TarBytes.End,
        ];
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(gnu, Token);
        return [("gnu", gnu), ("pax", pax.ToArray()), ("sparse", sparse), ("old sparse", old), ("gzip", packed.ToArray())];
    }

    private static (byte[] Index, byte[] Shard) Mds(bool compresses)
    {
        (byte[] index, IReadOnlyList<(string Name, byte[] Content)> shards) = DataSetFolder.Mds(compresses, [4], hasHashes: false);
        return (index, shards[0].Content);
    }

    // A shard that is cut off is told by its size alone: half of the mutations should come further.
    private static byte[] Resized(byte[] index, int before, int now) =>
        System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(index).Replace($"\"bytes\":{before}", $"\"bytes\":{now}", StringComparison.Ordinal));

    private static async Task<byte[]> BytesAsync(MemoryFiles files, string name)
    {
        await using Stream content = await files.OpenAsync((await files.FindAsync(name, Token))!, 0, null, Token);
        using var copy = new MemoryStream();
        await content.CopyToAsync(copy, Token);
        return copy.ToArray();
    }
}
