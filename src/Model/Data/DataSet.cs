using System.Collections.Concurrent;
using System.Globalization;

namespace HrNetBatch.Model.Data;

/// <summary>A data set that was found: its shards in their order, and what is known of them. Nothing of its samples is read yet.</summary>
/// <param name="layout">How it lies.</param>
/// <param name="shards">Its parts; an image that is a file of its own is one.</param>
/// <param name="classes">Names of the classes by index, where the data say; else null.</param>
/// <param name="leftOut">Files that were found and are not read.</param>
public sealed class DataSet(
    DataLayout layout, IReadOnlyList<Shard> shards, IReadOnlyList<string>? classes = null, IReadOnlyList<LeftOut>? leftOut = null)
{
    /// <summary>How it lies.</summary>
    public DataLayout Layout { get; } = layout;

    /// <summary>Its parts, in their order.</summary>
    public IReadOnlyList<Shard> Shards { get; } = shards;

    /// <summary>Names of the classes by index, where the data say; else null.</summary>
    public IReadOnlyList<string>? Classes { get; } = classes;

    /// <summary>Files that were found and are not read, by reason, and members of those tars that were read to their end.</summary>
    public IReadOnlyList<LeftOut> LeftOut
    {
        get
        {
            var all = new LeftOutFiles();
            all.Add(leftOut ?? []);
            foreach (Shard shard in Shards)
                all.Add(shard.LeftOut);
            return all.ToList();
        }
    }

    /// <summary>
    /// Sample counts of shards that do not tell it themselves: put in from a checkpoint, and counted while reading. They spare a
    /// resumed epoch the shards that it has read.
    /// </summary>
    public ConcurrentDictionary<string, long> SampleCounts { get; } = new(StringComparer.Ordinal);

    /// <summary>How many samples there are; null while that is not known.</summary>
    public long? SampleCount
    {
        get
        {
            long sum = 0;
            foreach (Shard shard in Shards)
            {
                if (CountOf(shard) is not { } count)
                    return null;
                sum += count;
            }
            return sum;
        }
    }

    /// <summary>WebDataset tars that a delegate opens from their first byte.</summary>
    /// <param name="names">Names, as the delegate takes them.</param>
    /// <param name="open">Opens a shard; the stream is disposed here.</param>
    public static DataSet OfTars(IEnumerable<string> names, Func<string, CancellationToken, Task<Stream>> open) =>
        new(DataLayout.WebDataset, [.. names.Select(name => new TarShard(name, token => open(name, token)))]);

    /// <summary>Learns what indexes say, of many shards at once.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Shards, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
        async (shard, token) => await shard.PrepareAsync(token));

    /// <summary>Counts the samples of the shards that do not say how many they have, several shards at once, by reading them; their images are not decoded.</summary>
    /// <param name="enough">Nobody needs to know how many more there are.</param>
    /// <param name="onSample">Hears of every sample that is read, from several threads.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>How many there are; null: at least <paramref name="enough"/>.</returns>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    public async Task<long?> CountAsync(long enough, Action onSample, CancellationToken cancellationToken)
    {
        long known = Shards.Sum(shard => CountOf(shard) ?? 0);
        await Parallel.ForEachAsync(
            Shards.Where(shard => CountOf(shard) is null),
            new ParallelOptions { MaxDegreeOfParallelism = ShardsCountedAtOnce, CancellationToken = cancellationToken },
            async (shard, token) =>
            {
                if (Interlocked.Read(ref known) >= enough)
                    return;
                long count = 0;
                await foreach (Sample _ in shard.ReadAsync(0, token))
                {
                    count++;
                    onSample();
                    if (Interlocked.Increment(ref known) >= enough)
                        return;
                }
                Counted(shard, count);
            });
        return SampleCount;
    }

    private const int ShardsCountedAtOnce = 4;

    /// <summary>Whether there is a sample, be it a broken one: the first is read.</summary>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    public async Task<bool> HasSampleAsync(CancellationToken cancellationToken)
    {
        await foreach (Sample _ in new ShuffledSamples(this).ReadAsync(SampleOrder.AsWritten(), cancellationToken))
            return true;
        return false;
    }

    /// <summary>Reads whole shards whose hashes are known, and holds them against those.</summary>
    /// <exception cref="ShardException">A shard is not what its hash says.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        foreach (Shard shard in Shards)
            await shard.VerifyAsync(cancellationToken);
    }

    /// <summary>Learns which samples there are and where they lie, by reading once what is no image of its own; false where their places stay unknown, as in compressed shards.</summary>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    internal async Task<bool> LocateAsync(Action<SampleHead> onSample, CancellationToken cancellationToken)
    {
        foreach (Shard shard in Shards)
            await shard.LocateAsync(onSample, cancellationToken);
        return Shards.All(shard => shard.KnowsPlaces);
    }

    /// <summary>Whether every shard can be read from any sample on: tars by the indexes beside them, MDS shards that are not compressed, single images. Known once it is prepared.</summary>
    public bool IsAddressable => Shards.All(shard => shard.IsAddressable);

    /// <summary>The <see cref="SampleOrder.BlockSize"/> of a run that begins on these data: blocks where every shard can be read from any sample on, else whole shards.</summary>
    public int TrainingBlockSize => IsAddressable ? SampleOrder.TrainingBlockSize : 0;

    /// <summary>How many samples a shard has, as far as known.</summary>
    /// <exception cref="ShardException">It has another number than it had.</exception>
    internal long? CountOf(Shard shard)
    {
        if (shard.SampleCount is not { } now)
            return SampleCounts.TryGetValue(shard.Name, out long before) ? before : null;
        return SampleCounts.TryGetValue(shard.Name, out long counted) && counted != now ? throw Replaced(shard.Name, counted, now) : now;
    }

    /// <summary>Notes that a shard was read to its end.</summary>
    /// <exception cref="ShardException">It has another number of samples than it should.</exception>
    internal void Counted(Shard shard, long count)
    {
        if (CountOf(shard) is { } expected && expected != count)
            throw Replaced(shard.Name, expected, count);
        if (shard.SampleCount is null)
            SampleCounts[shard.Name] = count;
    }

    private static ShardException Replaced(string name, long before, long now) => new(string.Create(CultureInfo.InvariantCulture,
        $"Shard {name} has {now} samples, and {before} were counted before, or are said by its index: it was replaced. Put the old one back, or start a new run (and make its index anew: hrnet dataset index)."));
}
