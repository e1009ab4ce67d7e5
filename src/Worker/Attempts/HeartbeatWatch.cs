namespace HrNetBatch.Worker.Attempts;

/// <summary>Notices that an attempt's process has given no sign of life for too long.</summary>
internal sealed class HeartbeatWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastSign;

    public HeartbeatWatch(TimeSpan timeout, TimeProvider time, Action onSilence)
    {
        _time = time;
        _lastSign = time.GetTimestamp();
        _timer = time.CreateTimer(_ =>
        {
            if (time.GetElapsedTime(Volatile.Read(ref _lastSign)) >= timeout)
                onSilence();
        }, null, timeout / 4, timeout / 4);
    }

    /// <summary>Call it for every message that arrives.</summary>
    public void Alive() => Volatile.Write(ref _lastSign, _time.GetTimestamp());

    public void Dispose() => _timer.Dispose();
}
