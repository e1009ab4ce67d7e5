using System.Runtime.CompilerServices;
using HrNetBatch.Model.Data.Tar;

namespace HrNetBatch.Model.Data;

/// <summary>
/// A WebDataset tar. With an index a sample is read without those before it; without one the tar is read from its start, and told what
/// an index would say. A tar that is compressed with gzip is always read from its start.
/// </summary>
internal sealed class TarShard : Shard
{
    // Single samples are small: many requests at once hide how long each takes.
    private const int PickedAtOnce = 16;

    private readonly Func<long, long?, CancellationToken, Task<Stream>> _open;
    private readonly Func<CancellationToken, Task<ShardIndex?>> _findIndex;
    private readonly Func<CancellationToken, Task<ShardIndex?>> _findKeptIndex;
    private readonly Func<ShardIndex, CancellationToken, Task>? _keepIndex;
    private readonly string _version;
    private ShardIndex? _index;
    private IReadOnlyList<LeftOut> _leftOut = [];
    private bool _isPrepared, _isIndexed;

    /// <summary>A tar among files.</summary>
    /// <param name="files">Where it lies.</param>
    /// <param name="tar">The tar.</param>
    /// <param name="indexFile">Its index; null: there is none.</param>
    /// <param name="sampleCount">How many samples it has, if something else than an index says so.</param>
    /// <param name="indexFolder">A folder of this machine for the indexes of tars that were read to their end; null: they are forgotten.</param>
    public TarShard(IDataFiles files, DataFile tar, DataFile? indexFile, long? sampleCount, string? indexFolder = null)
        : base(tar.Name)
    {
        File = tar;
        SampleCount = sampleCount;
        _version = tar.Version;
        _open = (offset, length, token) => files.OpenAsync(tar, offset, length, token);
        _findIndex = token => ShardIndex.ReadAsync(files, tar, indexFile, token);
        _findKeptIndex = token => indexFolder is null ? Task.FromResult<ShardIndex?>(null) : ShardIndex.ReadKeptAsync(indexFolder, tar, token);
        if (indexFolder is not null)
            _keepIndex = (index, token) => index.KeepAsync(indexFolder, tar, token);
    }

    /// <summary>A tar that can be opened from its first byte only.</summary>
    public TarShard(string name, Func<CancellationToken, Task<Stream>> open)
        : base(name)
    {
        _version = "";
        _open = async (offset, length, token) => await SkipAsync(await open(token), offset, length, token);
        _findIndex = _findKeptIndex = _ => Task.FromResult<ShardIndex?>(null);
    }

    /// <summary>The tar; null where only a delegate opens it.</summary>
    public override DataFile? File { get; }

    internal override bool IsAddressable => _isIndexed;

    internal override bool KnowsPlaces => _index is not null;

    internal override async Task LocateAsync(Action<SampleHead> onSample, CancellationToken cancellationToken)
    {
        await base.LocateAsync(onSample, cancellationToken);   // its end tells where all of them were
        SampleCount = _index?.Offsets.Count ?? SampleCount;   // a compressed one has no places
    }

    internal override IReadOnlyList<LeftOut> LeftOut => _leftOut;

    internal override async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_isPrepared)
            return;
        if (await _findIndex(cancellationToken) is { } beside)
            (_index, _isIndexed) = (beside, true);
        _index ??= await _findKeptIndex(cancellationToken);
        if (_index is not null)
            SampleCount = _index.Offsets.Count;
        _isPrepared = true;
    }

    internal override async IAsyncEnumerable<Sample> ReadAsync(long first, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        if (first > 0 && _index is { } known)
        {
            if (first >= known.Offsets.Count)
                yield break;
            long origin = known.Offsets[(int)first];
            await using Stream rest = await _open(origin, null, cancellationToken);
            await using var stretch = new TarArchive(rest, Name, origin);
            await foreach (Sample sample in ShardReader.ReadAsync(stretch, Name, new LeftOutFiles(), cancellationToken))
                yield return sample;
            yield break;
        }

        var (offsets, lengths, leftOut) = (new List<long>(), new List<long>(), new LeftOutFiles());
        bool isCompressed;
        await using (Stream tar = await _open(0, null, cancellationToken))
        {
            await using var archive = new TarArchive(tar, Name);
            await foreach (Sample sample in ShardReader.ReadAsync(archive, Name, leftOut, cancellationToken))
            {
                offsets.Add(sample.Offset);
                lengths.Add(sample.End - sample.Offset);
                if (offsets.Count > first)
                    yield return sample;
            }
            isCompressed = archive.IsCompressed;
        }
        _leftOut = leftOut.ToList();
        if (_index is null && !isCompressed)
        {
            _index = new ShardIndex { Version = _version, Offsets = offsets, Lengths = lengths };
            if (_keepIndex is not null)
                await _keepIndex(_index, cancellationToken);
        }
    }

    internal override async IAsyncEnumerable<Sample> ReadAsync(long first, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        if (_index is not { } known)
        {
            await foreach (Sample sample in base.ReadAsync(first, count, cancellationToken))
                yield return sample;
            yield break;
        }
        long end = Math.Min(first + count, known.Offsets.Count);
        if (first >= end)
            yield break;
        long origin = known.Offsets[(int)first], length = known.Offsets[(int)end - 1] + known.Lengths[(int)end - 1] - origin;
        await using Stream part = await _open(origin, length, cancellationToken);
        await using var stretch = new TarArchive(part, Name, origin, isPart: true);
        await foreach (Sample sample in ShardReader.ReadAsync(stretch, Name, new LeftOutFiles(), cancellationToken))
            yield return sample;
    }

    internal override IAsyncEnumerable<(long Index, Sample Sample)> PickAsync(IReadOnlyList<long> indexes, CancellationToken cancellationToken) =>
        _index is null ? base.PickAsync(indexes, cancellationToken) : PickByIndexAsync(_index, indexes, cancellationToken);

    private async IAsyncEnumerable<(long Index, Sample Sample)> PickByIndexAsync(
        ShardIndex known, IReadOnlyList<long> indexes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (long[] chunk in indexes.Where(index => index < known.Offsets.Count).Chunk(PickedAtOnce))
        {
            Sample[] samples = await Task.WhenAll(chunk.Select(index => PickAsync(known, (int)index, cancellationToken)));
            for (int at = 0; at < chunk.Length; at++)
                yield return (chunk[at], samples[at]);
        }
    }

    private async Task<Sample> PickAsync(ShardIndex known, int index, CancellationToken cancellationToken)
    {
        long origin = known.Offsets[index];
        await using Stream part = await _open(origin, known.Lengths[index], cancellationToken);
        await using var archive = new TarArchive(part, Name, origin, isPart: true);
        await foreach (Sample sample in ShardReader.ReadAsync(archive, Name, new LeftOutFiles(), cancellationToken))
            return sample;
        throw new ShardException(
            $"Shard {Name} has no sample at byte {origin}, where its index says one is: make the index anew (hrnet dataset index).");
    }

    private static async Task<Stream> SkipAsync(Stream stream, long offset, long? length, CancellationToken cancellationToken)
    {
        byte[] skipped = new byte[(int)Math.Min(offset, 1 << 16)];
        for (long left = offset; left > 0;)
        {
            int read = await stream.ReadAsync(skipped.AsMemory(0, (int)Math.Min(left, skipped.Length)), cancellationToken);
            if (read == 0)
                break;
            left -= read;
        }
        return length is { } bytes ? new BoundedStream(stream, bytes) : stream;
    }
}
