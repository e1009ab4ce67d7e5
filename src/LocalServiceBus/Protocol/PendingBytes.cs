using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Protocol;

/// <summary>Counts what clients sent and the disk does not have yet, and asks them for patience where that gets too much.</summary>
/// <param name="limit">The most; a message that is alone is always taken.</param>
internal sealed class PendingBytes(long limit)
{
    private long _bytes;

    /// <summary>Adds a message; whoever does takes it away again.</summary>
    /// <exception cref="BrokerException">There is too much already; nothing was added.</exception>
    public void Add(int bytes)
    {
        long sum = Interlocked.Add(ref _bytes, bytes);
        if (sum <= limit || sum == bytes) return;
        Remove(bytes);
        throw new BrokerException(
            Refusal.ServerBusy,
                $"{limit / 1024} KB of messages wait for the disk, the most this broker holds. Send again in a few seconds.");
    }

    /// <summary>Takes a message away.</summary>
    public void Remove(int bytes) => Interlocked.Add(ref _bytes, -bytes);
}
