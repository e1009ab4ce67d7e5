using HrNetBatch.Worker.Protocol;

namespace HrNetBatch.Worker.Attempts;

/// <summary>Notices that an attempt's process has given no sign of life, or that its handler has not got on, for too long.</summary>
internal sealed class HeartbeatWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastSign, _lastWork;
    private long _workCount;
    private volatile bool _started;

    /// <param name="options">The silences allowed.</param>
    /// <param name="time">Measures them.</param>
    /// <param name="onHang">Called with the cause when one lasts too long, perhaps more than once.</param>
    public HeartbeatWatch(SupervisionOptions options, TimeProvider time, Action<StopCause> onHang)
    {
        _time = time;
        _lastSign = _lastWork = time.GetTimestamp();
        TimeSpan interval = (options.HeartbeatTimeout < options.StallTimeout ? options.HeartbeatTimeout : options.StallTimeout) / 4;
        _timer = time.CreateTimer(_ =>
        {
            if (time.GetElapsedTime(Volatile.Read(ref _lastSign)) >= (_started ? options.HeartbeatTimeout : options.StartTimeout))
                onHang(StopCause.Silent);
            else if (time.GetElapsedTime(Volatile.Read(ref _lastWork)) >= options.StallTimeout)
                onHang(StopCause.Stalled);
        }, null, interval, interval);
    }

    /// <summary>Call it for every message that arrives.</summary>
    public void Heard(Message message)
    {
        Volatile.Write(ref _lastSign, _time.GetTimestamp());
        _started = true;
        if (message is HeartbeatMessage { WorkCount: var count } && count == _workCount)
            return;
        _workCount = (message as HeartbeatMessage)?.WorkCount ?? _workCount;
        Volatile.Write(ref _lastWork, _time.GetTimestamp());
    }

    public void Dispose() => _timer.Dispose();
}
