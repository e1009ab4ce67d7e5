using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data;

/// <summary>
/// Several lanes at once, a sample of each in turn. Which lane's turn it is depends on the order of the stretches and their sample
/// counts alone. Not thread-safe.
/// </summary>
internal sealed class LaneSet : IAsyncDisposable
{
    private readonly List<Lane> _lanes;
    private int _turn;

    private LaneSet(IEnumerable<Lane> lanes) => _lanes = [.. lanes];

    /// <summary>The lanes of an order, from its start.</summary>
    /// <param name="data">The data set; for an order of blocks, prepared.</param>
    /// <param name="order">The order.</param>
    /// <param name="random">Its random numbers.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public static LaneSet Of(DataSet data, SampleOrder order, ref SplitMix64 random, CancellationToken cancellationToken)
    {
        Stretch[] arranged = order.Arrange(order.StretchesOf(data), ref random);
        int lanes = Math.Clamp(arranged.Length, 1, order.LaneCount), samplesAhead = order.SamplesAhead / lanes;
        return new LaneSet(Enumerable.Range(0, lanes)
            .Select(lane => new Lane(data, [.. arranged.Where((_, at) => at % lanes == lane)], samplesAhead, cancellationToken)));
    }

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
