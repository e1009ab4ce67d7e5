using System.Buffers.Binary;
using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using HrNetBatch.Model.Data;
using HrNetBatch.TestKit;
using ZstdSharp;

namespace HrNetBatch.Model.Tests.Data;

/// <summary>A folder with data sets of each layout. An image is a few bytes that say which it is: nothing here decodes it.</summary>
internal sealed class DataSetFolder : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public string this[string name] => _folder.File(name).Replace('\\', '/');

    public void Dispose() => _folder.Dispose();

    public static byte[] Image(int number) => [.. Encoding.ASCII.GetBytes($"image {number} "), .. new byte[600 + number]];

    public static int Number(Sample sample) => int.Parse(Encoding.ASCII.GetString(sample.Members["jpg"])[6..].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    public async Task WriteAsync(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        await File.WriteAllBytesAsync(_folder.File(name), content, Token);
    }

    /// <summary>Tars of numbered samples; the label is the number.</summary>
    public async Task WriteTarsAsync(string pattern, params int[] counts)
    {
        int number = 0;
        for (int shard = 0; shard < counts.Length; shard++)
        {
            int end = number + counts[shard];
            await WriteAsync($"{pattern}{shard:000}.tar", await Shards.WriteAsync(async writer =>
            {
                for (; number < end; number++)
                    await writer.WriteAsync(Shards.Key(number), "jpg", Image(number), number);
            }));
        }
    }

    /// <summary>A tar of plain files.</summary>
    public static async Task<byte[]> TarAsync(params (string Name, byte[] Content)[] files)
    {
        using var memory = new MemoryStream();
        await using (var tar = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
            foreach ((string name, byte[] content) in files)
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) }, Token);
        return memory.ToArray();
    }

    /// <summary>MDS shards as MosaicML's MDSWriter lays them out (streaming/base/format/mds/writer.py).</summary>
    public async Task WriteMdsAsync(string folder, bool compresses, params int[] counts)
    {
        (byte[] index, IReadOnlyList<(string Name, byte[] Content)> shards) = Mds(compresses, counts);
        foreach ((string name, byte[] content) in shards)
            await WriteAsync($"{folder}/{name}", content);
        await WriteAsync($"{folder}/index.json", index);
    }

    /// <summary>The list and the shards.</summary>
    public static (byte[] Index, IReadOnlyList<(string Name, byte[] Content)> Shards) Mds(bool compresses, int[] counts, bool hasHashes = true)
    {
        var (entries, files) = (new List<object>(), new List<(string, byte[])>());
        int number = 0;
        foreach ((int index, int count) in counts.Index())
        {
            byte[] shard = Mds([.. Enumerable.Range(number, count).Select(MdsSample)]);
            number += count;
            string raw = $"shard.{index:00000}.mds";
            byte[] packed = compresses ? new Compressor(3).Wrap(shard).ToArray() : [];
            files.Add(compresses ? (raw + ".zstd", packed) : (raw, shard));
            entries.Add(new
            {
                column_encodings = new[] { "str", "jpeg", "int" },
                column_names = new[] { "caption", "image", "label" },
                column_sizes = new int?[] { null, null, 8 },
                compression = compresses ? "zstd:3" : null,
                format = "mds",
                hashes = new[] { "sha1", "xxh64" },
                raw_data = new { basename = raw, bytes = shard.Length, hashes = Hashes(shard, hasHashes) },
                samples = count,
                size_limit = 67108864,
                version = 2,
                zip_data = compresses ? new { basename = raw + ".zstd", bytes = packed.Length, hashes = Hashes(packed, hasHashes) } : null,
            });
        }
        return (JsonSerializer.SerializeToUtf8Bytes(new { shards = entries, version = 2 }), files);
    }

    private static object Hashes(byte[] content, bool areKept) => !areKept ? new { } : new
    {
#pragma warning disable CA5350 // What the writer writes, against accidents.
        sha1 = Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(content)),
#pragma warning restore CA5350
        xxh64 = Convert.ToHexStringLower(System.IO.Hashing.XxHash64.Hash(content)),
    };

    private static byte[] MdsSample(int number)
    {
        byte[] caption = Encoding.UTF8.GetBytes(new string('c', number % 5)), image = Image(number);
        var sample = new byte[16 + caption.Length + image.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(sample, (uint)caption.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(sample.AsSpan(4), (uint)image.Length);
        caption.CopyTo(sample, 8);
        image.CopyTo(sample, 8 + caption.Length);
        BinaryPrimitives.WriteInt64LittleEndian(sample.AsSpan(sample.Length - 8), number);
        return sample;
    }

    private static byte[] Mds(byte[][] samples)
    {
        byte[] config = "{\"format\":\"mds\",\"version\":2}"u8.ToArray();
        var shard = new List<byte>(BitConverter.GetBytes((uint)samples.Length));
        uint at = (uint)(4 + 4 * (samples.Length + 1) + config.Length);
        shard.AddRange(BitConverter.GetBytes(at));
        foreach (byte[] sample in samples)
            shard.AddRange(BitConverter.GetBytes(at += (uint)sample.Length));
        return [.. shard, .. config, .. samples.SelectMany(sample => sample)];
    }
}
