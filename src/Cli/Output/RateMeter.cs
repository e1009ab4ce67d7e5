namespace HrNetBatch.Cli.Output;

/// <summary>Rate and time left over the last seconds, so that a pause or a restart shows and is then forgotten.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly Queue<(long Time, double Done)> _changes = new();
    private (long Time, double Done) _last;

    /// <summary>Units a second; null until there is something to divide, and when nothing has happened for long.</summary>
    public double? PerSecond { get; private set; }

    /// <summary>Notes how much is done now; only changes count, because work is reported in portions with pauses between them.</summary>
    public void Note(double done)
    {
        long now = time.GetTimestamp();
        if (done < _last.Done) _changes.Clear();   // begun anew
        if (_changes.Count == 0 || done != _last.Done)
        {
            _last = (now, done);
            _changes.Enqueue(_last);
        }
        while (_changes.Count > 2 && time.GetElapsedTime(_changes.Peek().Time, now) > Window) _changes.Dequeue();
        (long start, double doneThen) = _changes.Peek();
        double seconds = time.GetElapsedTime(start, _last.Time).TotalSeconds;
        bool isIdle = time.GetElapsedTime(_last.Time, now) > Window;
        PerSecond = seconds > 0.2 && !isIdle ? (_last.Done - doneThen) / seconds : null;
    }

    /// <summary>How long the rest takes at this rate; null while unknown.</summary>
    public TimeSpan? Left(double rest) =>
        PerSecond is { } rate && rest / rate is var seconds && seconds < TimeSpan.FromDays(100).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
