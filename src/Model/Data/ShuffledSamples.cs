using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>
/// The samples of a list of shards in the order of an epoch, read as a stream: never more than the shuffle buffer in memory.
/// Started at a cursor it yields exactly the rest of the uninterrupted order. Shards that lie before the cursor are read again only
/// where needed: those of known sample count only for what was still in the buffer, the others once.
/// </summary>
/// <param name="shards">Names, as the opener takes them.</param>
/// <param name="open">Opens a shard for reading from its first byte; the stream is disposed here.</param>
/// <param name="sampleCounts">Sample counts of shards, as far as known; every shard read to its end is added.</param>
public sealed class ShuffledSamples(
    IReadOnlyList<string> shards, Func<string, CancellationToken, Task<Stream>> open, ConcurrentDictionary<string, long>? sampleCounts = null)
{
    private readonly ConcurrentDictionary<string, long> _sampleCounts = sampleCounts ?? new ConcurrentDictionary<string, long>(StringComparer.Ordinal);

    /// <summary>A place in the buffer; without a sample while only its number mattered.</summary>
    private readonly record struct Slot(string Shard, long Index, Sample? Sample);

    /// <summary>Yields the epoch's samples from the cursor on.</summary>
    /// <exception cref="ShardException">A shard cannot be read.</exception>
    public async IAsyncEnumerable<Sample> ReadAsync(SampleOrder order, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(order.BufferSize);
        SplitMix64 random = order.CreateRandom();
        string[] arranged = order.Arrange(shards, ref random);
        var buffer = new List<Slot>(order.BufferSize);
        long emitted = 0;
        await foreach (Slot incoming in ArriveAsync(arranged, order.Cursor, cancellationToken))
        {
            if (buffer.Count < order.BufferSize)
            {
                buffer.Add(incoming);
                continue;
            }
            int pick = random.NextInt(buffer.Count);
            Slot outgoing = buffer[pick];
            buffer[pick] = incoming;
            if (emitted == order.Cursor)
                outgoing = await FetchAsync(buffer, outgoing, cancellationToken);
            if (emitted++ >= order.Cursor)
                yield return outgoing.Sample!;
        }
        while (buffer.Count > 0)
        {
            int pick = random.NextInt(buffer.Count);
            Slot outgoing = buffer[pick];
            buffer[pick] = buffer[^1];
            buffer.RemoveAt(buffer.Count - 1);
            if (emitted == order.Cursor)
                outgoing = await FetchAsync(buffer, outgoing, cancellationToken);
            if (emitted++ >= order.Cursor)
                yield return outgoing.Sample!;
        }
    }

    // A shard whose samples all arrive before the cursor's sample leaves needs no reading, if it is known how many there are.
    private async IAsyncEnumerable<Slot> ArriveAsync(string[] arranged, long cursor, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long arrived = 0;
        foreach (string shard in arranged)
        {
            if (_sampleCounts.TryGetValue(shard, out long count) && arrived + count <= cursor)
            {
                for (long index = 0; index < count; index++)
                    yield return new Slot(shard, index, null);
                arrived += count;
                continue;
            }
            long next = 0;
            await foreach (Sample sample in ReadShardAsync(shard, cancellationToken))
                yield return new Slot(shard, next++, sample);
            _sampleCounts[shard] = next;
            arrived += next;
        }
    }

    // At the cursor: reads the samples that were skipped before but are still in the buffer (or about to leave it).
    private async Task<Slot> FetchAsync(List<Slot> buffer, Slot outgoing, CancellationToken cancellationToken)
    {
        buffer.Add(outgoing);
        var missing = Enumerable.Range(0, buffer.Count).Where(at => buffer[at].Sample is null).GroupBy(at => buffer[at].Shard).ToList();
        foreach (var ofShard in missing)
        {
            var places = ofShard.ToDictionary(at => buffer[at].Index);
            long index = 0;
            await foreach (Sample sample in ReadShardAsync(ofShard.Key, cancellationToken))
            {
                if (places.Remove(index++, out int at))
                    buffer[at] = buffer[at] with { Sample = sample };
                if (places.Count == 0)
                    break;
            }
            if (places.Count > 0)
                throw new ShardException(
                    $"Shard {ofShard.Key} now has {index} samples, fewer than when its sample count was taken: it was replaced, so start the epoch anew.");
        }
        outgoing = buffer[^1];
        buffer.RemoveAt(buffer.Count - 1);
        return outgoing;
    }

    private async IAsyncEnumerable<Sample> ReadShardAsync(string shard, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using Stream tar = await open(shard, cancellationToken);
        await foreach (Sample sample in ShardReader.ReadAsync(tar, shard, cancellationToken))
            yield return sample;
    }
}
