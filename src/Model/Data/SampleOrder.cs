using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>The order of an epoch: a pure function of (seed, epoch) and of what is in the shards, and the place in it to start from.</summary>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Cursor">Samples of this epoch that were consumed before.</param>
/// <param name="BufferSize">Samples held to be shuffled; 1 with <paramref name="ShufflesShards"/> false is the order as written.</param>
/// <param name="ShufflesShards">Whether the shards are permuted.</param>
/// <param name="ShardsAtOnce">How many shards are read at once, a sample of each in turn.</param>
public readonly record struct SampleOrder(long Seed, long Epoch, long Cursor, int BufferSize, bool ShufflesShards, int ShardsAtOnce = 1)
{
    // Keeps these draws apart from those of augmentation, which are named by the same seed and epoch.
    private const long StreamOfOrder = -1;

    /// <summary>Shard by shard, as written.</summary>
    public static SampleOrder AsWritten(long cursor = 0) => new(0, 0, cursor, 1, ShufflesShards: false);

    /// <summary>Shards permuted, samples shuffled through a buffer.</summary>
    public static SampleOrder Shuffled(long seed, long epoch, long cursor = 0, int bufferSize = 1000, int shardsAtOnce = 1)
        => new(seed, epoch, cursor, bufferSize, ShufflesShards: true, shardsAtOnce);

    /// <summary>The random numbers of the order.</summary>
    internal SplitMix64 CreateRandom() => SplitMix64.For(Seed, Epoch, StreamOfOrder);

    /// <summary>The shards in the order in which they are read (Fisher–Yates).</summary>
    internal Shard[] Arrange(IReadOnlyList<Shard> shards, ref SplitMix64 random)
    {
        Shard[] arranged = [.. shards];
        for (int last = arranged.Length - 1; ShufflesShards && last > 0; last--)
        {
            int pick = random.NextInt(last + 1);
            (arranged[last], arranged[pick]) = (arranged[pick], arranged[last]);
        }
        return arranged;
    }
}
