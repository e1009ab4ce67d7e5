using System.Runtime.CompilerServices;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>
/// The samples of a data set in the order of an epoch, read as a stream: never more than the shuffle buffer in memory, and a few of
/// each shard that is being read. Started at a cursor it yields exactly the rest of the uninterrupted order, and reads what is still to
/// come only: what was consumed is counted, not read, where the shards' sample counts are known, and read from the middle of a shard
/// where its index says where that is.
/// </summary>
/// <param name="data">The data set.</param>
public sealed class ShuffledSamples(DataSet data)
{
    /// <summary>Yields the epoch's samples from the cursor on.</summary>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    public async IAsyncEnumerable<Sample> ReadAsync(SampleOrder order, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(order.BufferSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(order.ShardsAtOnce);
        ArgumentOutOfRangeException.ThrowIfNegative(order.BlockSize);
        if (order.BlockSize > 0)
            await data.PrepareAsync(cancellationToken);
        SplitMix64 random = order.CreateRandom();
        await using LaneSet lanes = LaneSet.Of(data, order, ref random, cancellationToken);
        var buffer = new List<Slot>(Math.Min(order.BufferSize, 1 << 16));
        long emitted = 0;
        while (true)
        {
            // What arrives before the cursor is reached is a number only: whether it is needed, the buffer will tell.
            Slot? incoming = await lanes.NextAsync(reads: emitted >= order.Cursor);
            if (incoming is null && buffer.Count == 0)
                yield break;
            if (incoming is not null && buffer.Count < order.BufferSize)
            {
                buffer.Add(incoming.Value);
                continue;
            }
            int pick = random.NextInt(buffer.Count);
            Slot outgoing = buffer[pick];
            if (incoming is { } replacement)
            {
                buffer[pick] = replacement;
            }
            else
            {
                buffer[pick] = buffer[^1];
                buffer.RemoveAt(buffer.Count - 1);
            }
            if (emitted == order.Cursor)
                outgoing = await FetchAsync(buffer, outgoing, cancellationToken);
            if (emitted++ >= order.Cursor)
                yield return outgoing.Sample!;
        }
    }

    // At the cursor: reads the samples that were only counted but are still in the buffer (or about to leave it).
    private async Task<Slot> FetchAsync(List<Slot> buffer, Slot outgoing, CancellationToken cancellationToken)
    {
        buffer.Add(outgoing);
        var missing = Enumerable.Range(0, buffer.Count).Where(at => buffer[at].Sample is null).GroupBy(at => buffer[at].Shard).ToList();
        var found = new Sample[buffer.Count];
        await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = ShardsFetchedAtOnce, CancellationToken = cancellationToken }, async (ofShard, token) =>
        {
            Dictionary<long, int> places = ofShard.ToDictionary(at => buffer[at].Index);
            await foreach ((long index, Sample sample) in ofShard.Key.PickAsync([.. places.Keys.Order()], token))
            {
                if (places.Remove(index, out int at))
                    found[at] = sample;
            }
            if (places.Count > 0)
                throw new ShardException(
                    $"Shard {ofShard.Key.Name} lacks its sample {places.Keys.Min()}, counting from 0, which was there when the samples were counted: it was replaced, so start the epoch anew.");
        });
        for (int at = 0; at < found.Length; at++)
            if (found[at] is { } sample)
                buffer[at] = buffer[at] with { Sample = sample };
        outgoing = buffer[^1];
        buffer.RemoveAt(buffer.Count - 1);
        return outgoing;
    }

    private const int ShardsFetchedAtOnce = 16;
}
