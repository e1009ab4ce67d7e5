namespace HrNetBatch.Model.Data;

/// <summary>Shards one after another. Before it is asked to read, it counts; where it cannot count a shard, it reads it. Not thread-safe.</summary>
internal sealed class Lane(DataSet data, Shard[] shards, CancellationToken cancellationToken) : IAsyncDisposable
{
    // Samples read ahead of their turn. Where an image is a file of its own, as many requests are under way.
    private const int SamplesAhead = 16;

    private readonly Queue<ShardPump> _pumps = [];
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private int _shard;
    private int _pumped;
    private long _index;

    /// <summary>The next sample of the lane; null at its end.</summary>
    public async ValueTask<Slot?> NextAsync(bool reads)
    {
        while (_shard < shards.Length)
        {
            Shard shard = shards[_shard];
            if (!reads && _pumps.Count == 0 && await CountAsync(shard) is { } count)
            {
                if (_index < count)
                    return new Slot(shard, _index++, null);
            }
            else
            {
                ReadAhead();
                if (await _pumps.Peek().NextAsync() is { } sample)
                    return new Slot(shard, _index++, sample);
                await _pumps.Dequeue().DisposeAsync();
                data.Counted(shard, _index);
            }
            (_shard, _index) = (_shard + 1, 0);
            _pumped = Math.Max(_pumped, _shard);
        }
        return null;
    }

    private async ValueTask<long?> CountAsync(Shard shard)
    {
        if (data.CountOf(shard) is { } known)
            return known;
        await shard.PrepareAsync(_stop.Token);
        return data.CountOf(shard);
    }

    // Shards whose size is not known count as endless: the one after them is opened when they have ended.
    private void ReadAhead()
    {
        if (_pumps.Count == 0)
            _pumped = _shard;
        long ahead = 0;
        foreach (ShardPump pump in _pumps)
            ahead += (data.CountOf(pump.Shard) ?? long.MaxValue / shards.Length) - pump.TakenUpTo;
        while (_pumped < shards.Length && ahead < SamplesAhead)
        {
            long first = _pumped == _shard ? _index : 0;
            _pumps.Enqueue(new ShardPump(shards[_pumped], first, _stop.Token));
            ahead += (data.CountOf(shards[_pumped]) ?? long.MaxValue / shards.Length) - first;
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
