using HrNetBatch.Worker.Protocol;

namespace HrNetBatch.Worker.Child;

/// <summary>Says that this process lives, on a thread of its own: work that takes every pooled thread does not silence it.</summary>
internal sealed class Heartbeat : IDisposable
{
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;

    private Heartbeat(ProtocolOutput output, TimeSpan interval, Func<long> workCount)
    {
        _thread = new Thread(() =>
        {
            do
                output.Send(new HeartbeatMessage(workCount()));
            while (!_stop.Wait(interval));
        })
        { IsBackground = true, Name = "heartbeat", Priority = ThreadPriority.AboveNormal };
    }

    public static Heartbeat Start(ProtocolOutput output, TimeSpan interval, Func<long> workCount)
    {
        var heartbeat = new Heartbeat(output, interval, workCount);
        heartbeat._thread.Start();
        return heartbeat;
    }

    /// <summary>Stops it; when this returns, no beat follows.</summary>
    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }
}
