using System.Threading.Channels;

namespace HrNetBatch.Model.Data;

/// <summary>Reads a shard in the background, a few samples ahead of whoever takes them.</summary>
internal sealed class ShardPump : IAsyncDisposable
{
    private const int Capacity = 8;

    private readonly Channel<Sample> _samples = Channel.CreateBounded<Sample>(new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    /// <summary>Starts reading at a sample.</summary>
    public ShardPump(Shard shard, long first, CancellationToken cancellationToken)
    {
        (Shard, TakenUpTo) = (shard, first);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _reading = Task.Run(() => ReadAsync(first, _stop.Token), CancellationToken.None);
    }

    /// <summary>What is read.</summary>
    public Shard Shard { get; }

    /// <summary>Number of the sample that is taken next.</summary>
    public long TakenUpTo { get; private set; }

    /// <summary>The next sample; null at the end.</summary>
    /// <exception cref="ShardException">The shard cannot be read.</exception>
    public async ValueTask<Sample?> NextAsync()
    {
        while (await _samples.Reader.WaitToReadAsync(_stop.Token))
            if (_samples.Reader.TryRead(out Sample? sample))
            {
                TakenUpTo++;
                return sample;
            }
        return null;
    }

    private async Task ReadAsync(long first, CancellationToken stop)
    {
        Exception? failure = null;
        try
        {
            await foreach (Sample sample in Shard.ReadAsync(first, stop))
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
