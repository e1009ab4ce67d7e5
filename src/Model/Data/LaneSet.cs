namespace HrNetBatch.Model.Data;

/// <summary>
/// Several shards at once, a sample of each in turn. Which shard is whose turn depends on the order of the shards and their sample
/// counts alone. Not thread-safe.
/// </summary>
internal sealed class LaneSet : IAsyncDisposable
{
    private readonly List<Lane> _lanes;
    private int _turn;

    /// <summary>Deals the shards out to lanes.</summary>
    public LaneSet(DataSet data, Shard[] arranged, int count, CancellationToken cancellationToken) =>
        _lanes = [.. Enumerable.Range(0, Math.Min(count, Math.Max(1, arranged.Length)))
            .Select(lane => new Lane(data, [.. arranged.Where((_, at) => at % count == lane)], cancellationToken))];

    /// <summary>The next sample, or null when all have been.</summary>
    /// <param name="reads">Whether the sample is wanted; if not, it comes along only where counting it meant reading it.</param>
    public async ValueTask<Slot?> NextAsync(bool reads)
    {
        while (_lanes.Count > 0)
        {
            if (await _lanes[_turn].NextAsync(reads) is { } slot)
            {
                _turn = (_turn + 1) % _lanes.Count;
                return slot;
            }
            await _lanes[_turn].DisposeAsync();
            _lanes.RemoveAt(_turn);
            if (_turn == _lanes.Count)
                _turn = 0;
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Lane lane in _lanes)
            await lane.DisposeAsync();
    }
}
