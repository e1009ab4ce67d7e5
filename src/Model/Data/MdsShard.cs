using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using HrNetBatch.Model.Data.Layouts;
using ZstdSharp;

namespace HrNetBatch.Model.Data;

/// <summary>
/// A shard of MosaicML's MDS format: u32 n, u32[n + 1] offsets, the writer's settings as JSON, n samples. It is its own index, except
/// where it is compressed: then it is unpacked whole.
/// </summary>
internal sealed class MdsShard : Shard
{
    // What MDSWriter cuts at is 64 MiB; a wrong length must not ask for all memory.
    private const long LargestUnpackedBytes = 1L << 30, LargestSampleBytes = 1L << 30;

    private const int ChunkBytes = 1 << 20;

    private readonly IDataFiles _files;
    private readonly DataFile _file;
    private readonly MdsColumns _columns;
    private readonly long? _unpackedBytes;
    private long[]? _offsets;   // of a shard that is not compressed, once they are read

    /// <param name="files">Where it lies.</param>
    /// <param name="file">The file.</param>
    /// <param name="columns">What is in a sample.</param>
    /// <param name="sampleCount">Samples, as the index says.</param>
    /// <param name="unpackedBytes">Its size unpacked, if it is compressed with zstd.</param>
    public MdsShard(IDataFiles files, DataFile file, MdsColumns columns, long sampleCount, long? unpackedBytes)
        : base(file.Name)
    {
        (_files, _file, _columns, _unpackedBytes) = (files, file, columns, unpackedBytes);
        SampleCount = sampleCount;
    }

    /// <summary>Hashes of the shard, by their kind.</summary>
    public IReadOnlyDictionary<string, string?> Hashes { get; init; } = new Dictionary<string, string?>();

    /// <summary>Hashes of its compressed form.</summary>
    public IReadOnlyDictionary<string, string?> PackedHashes { get; init; } = new Dictionary<string, string?>();

    internal override async Task VerifyAsync(CancellationToken cancellationToken)
    {
        await using (Stream file = await _files.OpenAsync(_file, 0, null, cancellationToken))
            await HoldAgainstAsync(file, _unpackedBytes is null ? Hashes : PackedHashes, cancellationToken);
        if (_unpackedBytes is { } bytes)
            await UnpackAsync(bytes, cancellationToken);
    }

    public override DataFile? File => _file;

    // A compressed one is unpacked whole, for whichever sample.
    internal override bool IsAddressable => _unpackedBytes is null;

    internal override IAsyncEnumerable<Sample> ReadAsync(long first, CancellationToken cancellationToken) => ReadAsync(first, int.MaxValue, cancellationToken);

    internal override async IAsyncEnumerable<Sample> ReadAsync(long first, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (first >= SampleCount || count == 0)
            yield break;
        (long[] offsets, byte[]? unpacked) = await OpenAsync(cancellationToken);
        long end = Math.Min(first + count, offsets.Length - 1);
        await using Stream samples = unpacked is null
            ? await _files.OpenAsync(_file, offsets[first], offsets[end] - offsets[first], cancellationToken)
            : new MemoryStream(unpacked, (int)offsets[first], (int)(offsets[end] - offsets[first]), writable: false);
        for (long index = first; index < end; index++)
            yield return await SampleAsync(samples, index, offsets, cancellationToken);
    }

    internal override async IAsyncEnumerable<(long Index, Sample Sample)> PickAsync(
        IReadOnlyList<long> indexes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (long[] offsets, byte[]? unpacked) = await OpenAsync(cancellationToken);
        foreach (long index in indexes.Where(index => index < offsets.Length - 1))
        {
            await using Stream sample = unpacked is null
                ? await _files.OpenAsync(_file, offsets[index], offsets[index + 1] - offsets[index], cancellationToken)
                : new MemoryStream(unpacked, (int)offsets[index], (int)(offsets[index + 1] - offsets[index]), writable: false);
            yield return (index, await SampleAsync(sample, index, offsets, cancellationToken));
        }
    }

    private async Task<(long[] Offsets, byte[]? Unpacked)> OpenAsync(CancellationToken cancellationToken)
    {
        if (_offsets is { } known)
            return (known, null);
        byte[]? unpacked = _unpackedBytes is { } bytes ? await UnpackAsync(bytes, cancellationToken) : null;
        long tableBytes = sizeof(uint) * (SampleCount!.Value + 2);
        long length = unpacked?.LongLength ?? _file.LengthBytes;
        if (tableBytes > length)
            throw Broken(length, "it ends before its table of samples does");
        var table = new byte[tableBytes];
        await using (Stream start = unpacked is null ? await _files.OpenAsync(_file, 0, tableBytes, cancellationToken) : new MemoryStream(unpacked, writable: false))
            await FillAsync(start, table, 0, cancellationToken);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(table);
        if (count != SampleCount)
            throw Broken(0, string.Create(CultureInfo.InvariantCulture, $"it says that it has {Counted.Of(count, "sample")}, and the index says {SampleCount}"));
        long[] offsets = [.. Enumerable.Range(1, (int)count + 1).Select(at => (long)BinaryPrimitives.ReadUInt32LittleEndian(table.AsSpan(sizeof(uint) * at)))];
        for (int at = 0; at < offsets.Length; at++)
            if (offsets[at] < (at == 0 ? tableBytes : offsets[at - 1]) || offsets[at] > length)
                throw Broken(sizeof(uint) * (at + 1), $"its sample {at} is said to start at byte {offsets[at]}, which cannot be");
        if (unpacked is null)
            _offsets = offsets;   // whoever reads it at the same time finds the same
        return (offsets, unpacked);
    }

    private async Task<byte[]> UnpackAsync(long unpackedBytes, CancellationToken cancellationToken)
    {
        if (unpackedBytes is < 0 or > LargestUnpackedBytes)
            throw Broken(0, $"the index says that it has {unpackedBytes} bytes unpacked, and at most {LargestUnpackedBytes} are read. Write smaller shards (size_limit)");
        // Memory is asked for as the bytes come, so that a wrong length costs no more than the file holds.
        var content = new byte[Math.Min(unpackedBytes, ChunkBytes)];
        int filled = 0;
        await using Stream packed = await _files.OpenAsync(_file, 0, null, cancellationToken);
        try
        {
            await using var zstd = new DecompressionStream(packed, leaveOpen: true);
            while (true)
            {
                filled += await zstd.ReadAtLeastAsync(content.AsMemory(filled), content.Length - filled, throwOnEndOfStream: false, cancellationToken);
                if (filled < content.Length || filled == unpackedBytes)
                    break;
                Array.Resize(ref content, (int)Math.Min(unpackedBytes, 2L * content.Length));
            }
            if (filled < unpackedBytes || await zstd.ReadAsync(new byte[1], cancellationToken) > 0)
                throw Broken(filled, $"unpacked it {(filled < unpackedBytes ? "ends" : "does not end")} there, and the index says that it has {unpackedBytes} bytes");
        }
        catch (Exception cause) when (cause is ZstdException or EndOfStreamException)
        {
            throw new ShardException(
                $"Shard {Name} cannot be unpacked: its zstd data are damaged or end too early, behind byte {filled} of what is in it. Upload it again.");
        }
        await HoldAgainstAsync(new MemoryStream(content, writable: false), Hashes, cancellationToken);
        return content;
    }

    private async Task HoldAgainstAsync(Stream content, IReadOnlyDictionary<string, string?> hashes, CancellationToken cancellationToken)
    {
        if (hashes.Count > 0 && await MdsHashes.MismatchAsync(content, hashes, cancellationToken) is { } kind)
            throw new ShardException(
                $"Shard {Name} is not what its {kind} in index.json says: it was damaged, or is another one. "
                + "Upload it again, with its index.");
    }

    private async Task<Sample> SampleAsync(Stream stream, long index, long[] offsets, CancellationToken cancellationToken)
    {
        if (offsets[index + 1] - offsets[index] > LargestSampleBytes)
            throw Broken(offsets[index], $"its sample {index} is said to be larger than any image");
        var content = new byte[offsets[index + 1] - offsets[index]];
        await FillAsync(stream, content, offsets[index], cancellationToken);
        try
        {
            Dictionary<string, byte[]> members = _columns.Read(content, out string? labelFault);
            return new Sample(Name, index.ToString("D6", CultureInfo.InvariantCulture), offsets[index], members) { LabelFault = labelFault };
        }
        catch (Exception cause) when (cause is FormatException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw Broken(offsets[index], $"its sample {index} cannot be read, {(cause is FormatException ? cause.Message : "its columns are not as the index says")}");
        }
    }

    private async Task FillAsync(Stream stream, byte[] buffer, long offset, CancellationToken cancellationToken)
    {
        int read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (read < buffer.Length)
            throw Broken(offset + read, "it ends there, where more should come");
    }

    private ShardException Broken(long offset, string what) => new($"Shard {Name} is broken at byte {offset}: {what}. Upload it again.");
}
