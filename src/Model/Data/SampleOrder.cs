using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>The order of an epoch: a pure function of (seed, epoch) and of what is in the shards, and the place in it to start from.</summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Cursor">Samples of this epoch that were consumed before.</param>
/// <param name="BufferSize">Samples held to be shuffled; 1 with <paramref name="ShufflesShards"/> false is the order as written.</param>
/// <param name="ShufflesShards">Whether the shards, or the blocks of all of them, are permuted.</param>
/// <param name="ShardsAtOnce">How many shards are read at once, a sample of each in turn; without meaning for blocks.</param>
/// <param name="BlockSize">
/// How many consecutive samples stay together on their way into the buffer: blocks of so many, out of all shards, are permuted, which
/// needs <see cref="DataSet.IsAddressable"/>. 0: whole shards are permuted and read from their starts.
/// </param>
public readonly record struct SampleOrder(
    long Seed, long Epoch, long Cursor, int BufferSize, bool ShufflesShards, int ShardsAtOnce = 1, int BlockSize = 0)
{
    /// <summary>
    /// The size of blocks for training. A block is one request: of ImageNet's images (110 KB) about 0.9 MB, which blob storage serves as
    /// fast as larger ones. Through a buffer of 1,000 samples it leaves a batch of 128 with 97 % of the classes of a uniform draw, out of
    /// data that are sorted by class; blocks of 256 leave 37 %.
    /// </summary>
    public const int TrainingBlockSize = 8;

    // Keeps these draws apart from those of augmentation, which are named by the same seed and epoch.
    private const long StreamOfOrder = -1;

    private const int SamplesAheadOfLane = 16, SamplesAheadOfBlocks = 64;

    /// <summary>Shard by shard, as written.</summary>
    public static SampleOrder AsWritten(long cursor = 0) => new(0, 0, cursor, 1, ShufflesShards: false);

    /// <summary>Shards permuted, or blocks of them, and samples shuffled through a buffer.</summary>
    public static SampleOrder Shuffled(long seed, long epoch, long cursor = 0, int bufferSize = 1000, int shardsAtOnce = 1, int blockSize = 0)
        => new(seed, epoch, cursor, bufferSize, ShufflesShards: true, shardsAtOnce, blockSize);

    /// <summary>How many stretches are read in turns.</summary>
    internal int LaneCount => BlockSize > 0 ? 1 : ShardsAtOnce;

    /// <summary>Samples read ahead of their turn, by all lanes together.</summary>
    internal int SamplesAhead => BlockSize > 0 ? SamplesAheadOfBlocks : SamplesAheadOfLane * ShardsAtOnce;

    /// <summary>The random numbers of the order.</summary>
    internal SplitMix64 CreateRandom() => SplitMix64.For(Seed, Epoch, StreamOfOrder);

    /// <summary>What is permuted: the shards, or their blocks.</summary>
    /// <exception cref="ShardException">Blocks are asked for, and of a shard nobody knows how many samples it has.</exception>
    internal Stretch[] StretchesOf(DataSet data)
    {
        if (BlockSize == 0)
            return [.. data.Shards.Select(shard => new Stretch(shard, 0, null))];
        var blocks = new List<Stretch>();
        foreach (Shard shard in data.Shards)
        {
            if (!shard.KnowsPlaces || data.CountOf(shard) is not { } count)
                throw new ShardException($"{shard.Name} has no index that holds for it, and the order of this run was begun with one: make it anew (hrnet dataset index {shard.Name}).");
            for (long first = 0; first < count; first += BlockSize)
                blocks.Add(new Stretch(shard, first, (int)Math.Min(BlockSize, count - first)));
        }
        return [.. blocks];
    }

    /// <summary>Stretches in the order in which they are read (Fisher–Yates).</summary>
    internal Stretch[] Arrange(Stretch[] stretches, ref SplitMix64 random)
    {
        for (int last = stretches.Length - 1; ShufflesShards && last > 0; last--)
        {
            int pick = random.NextInt(last + 1);
            (stretches[last], stretches[pick]) = (stretches[pick], stretches[last]);
        }
        return stretches;
    }
}
