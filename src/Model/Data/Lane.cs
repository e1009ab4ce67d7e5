using System.Globalization;

namespace HrNetBatch.Model.Data;

/// <summary>Stretches of shards one after another. Before it is asked to read, it counts; where it cannot count a shard, it reads it. Not thread-safe.</summary>
/// <param name="data">The data set; it learns the sample counts of the shards that are read.</param>
/// <param name="stretches">What is read, in this order.</param>
/// <param name="samplesAhead">Samples read ahead of their turn. Where a stretch is short, several are under way at once.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class Lane(DataSet data, Stretch[] stretches, int samplesAhead, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly Queue<ShardPump> _pumps = [];
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private int _at;
    private int _pumped;
    private long _taken;

    /// <summary>The next sample of the lane; null at its end.</summary>
    public async ValueTask<Slot?> NextAsync(bool reads)
    {
        while (_at < stretches.Length)
        {
            Stretch stretch = stretches[_at];
            if (!reads && _pumps.Count == 0 && await CountAsync(stretch) is { } count)
            {
                if (_taken < count)
                    return new Slot(stretch.Shard, stretch.First + _taken++, null);
            }
            else
            {
                ReadAhead();
                if (await _pumps.Peek().NextAsync() is { } sample)
                    return new Slot(stretch.Shard, stretch.First + _taken++, sample);
                await _pumps.Dequeue().DisposeAsync();
                Counted(stretch);
            }
            (_at, _taken) = (_at + 1, 0);
            _pumped = Math.Max(_pumped, _at);
        }
        return null;
    }

    private async ValueTask<long?> CountAsync(Stretch stretch)
    {
        if (CountOf(stretch) is { } known)
            return known;
        await stretch.Shard.PrepareAsync(_stop.Token);
        return CountOf(stretch);
    }

    private long? CountOf(Stretch stretch) => stretch.Count ?? data.CountOf(stretch.Shard) - stretch.First;

    private void Counted(Stretch stretch)
    {
        if (stretch.Count is null)
            data.Counted(stretch.Shard, stretch.First + _taken);
        else if (_taken < stretch.Count)
            throw new ShardException(string.Create(CultureInfo.InvariantCulture,
                $"Shard {stretch.Shard.Name} ends after {stretch.First + _taken} samples, and more were counted: it was replaced. Put the old one back, or start a new run (and make its index anew: hrnet dataset index)."));
    }

    // Shards whose size is not known count as endless: the one after them is opened when they have ended.
    private void ReadAhead()
    {
        if (_pumps.Count == 0)
            _pumped = _at;
        long ahead = 0;
        foreach (ShardPump pump in _pumps)
            ahead += pump.Left;
        while (_pumped < stretches.Length && ahead < samplesAhead)
        {
            Stretch stretch = stretches[_pumped];
            long taken = _pumped == _at ? _taken : 0, left = (CountOf(stretch) ?? long.MaxValue / stretches.Length) - taken;
            _pumps.Enqueue(new ShardPump(stretch with { First = stretch.First + taken, Count = stretch.Count - (int)taken }, left, _stop.Token));
            ahead += left;
            _pumped++;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (ShardPump pump in _pumps)
            await pump.DisposeAsync();
        _stop.Dispose();
    }
}
