namespace HrNetBatch.Worker.Attempts;

/// <summary>Notices that an attempt's process has given no sign of life for too long.</summary>
internal sealed class HeartbeatWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastSign;
    private volatile bool _started;

    /// <param name="startTimeout">Silence allowed before the first sign: a process starts slowly on a busy machine.</param>
    /// <param name="timeout">Silence allowed from then on.</param>
    /// <param name="time">Measures the silence.</param>
    /// <param name="onSilence">Called when it lasts too long, perhaps more than once.</param>
    public HeartbeatWatch(TimeSpan startTimeout, TimeSpan timeout, TimeProvider time, Action onSilence)
    {
        _time = time;
        _lastSign = time.GetTimestamp();
        _timer = time.CreateTimer(_ =>
        {
            if (time.GetElapsedTime(Volatile.Read(ref _lastSign)) >= (_started ? timeout : startTimeout))
                onSilence();
        }, null, timeout / 4, timeout / 4);
    }

    /// <summary>Call it for every message that arrives.</summary>
    public void Alive()
    {
        Volatile.Write(ref _lastSign, _time.GetTimestamp());
        _started = true;
    }

    public void Dispose() => _timer.Dispose();
}
