using System.Threading.Channels;

namespace HrNetBatch.Model.Data;

/// <summary>Reads a stretch of a shard in the background, a few samples ahead of whoever takes them.</summary>
internal sealed class ShardPump : IAsyncDisposable
{
    private const int Capacity = 8;

    private readonly Channel<Sample> _samples = Channel.CreateBounded<Sample>(new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    /// <summary>Starts reading.</summary>
    /// <param name="stretch">What is read.</param>
    /// <param name="left">How many samples that is, as far as known.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public ShardPump(Stretch stretch, long left, CancellationToken cancellationToken)
    {
        Left = left;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _reading = Task.Run(() => ReadAsync(stretch, _stop.Token), CancellationToken.None);
    }

    /// <summary>How many samples are still to be taken.</summary>
    public long Left { get; private set; }

    /// <summary>The next sample; null at the end.</summary>
    /// <exception cref="ShardException">The shard cannot be read.</exception>
    public async ValueTask<Sample?> NextAsync()
    {
        while (await _samples.Reader.WaitToReadAsync(_stop.Token))
            if (_samples.Reader.TryRead(out Sample? sample))
            {
                Left--;
                return sample;
            }
        return null;
    }

    private async Task ReadAsync(Stretch stretch, CancellationToken stop)
    {
        Exception? failure = null;
        try
        {
            await foreach (Sample sample in stretch.Count is { } count ? stretch.Shard.ReadAsync(stretch.First, count, stop) : stretch.Shard.ReadAsync(stretch.First, stop))
                await _samples.Writer.WriteAsync(sample, stop);
        }
        catch (Exception error)
        {
            failure = error;   // met in its place, after the samples that were read before it
        }
        _samples.Writer.Complete(failure);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }
}
