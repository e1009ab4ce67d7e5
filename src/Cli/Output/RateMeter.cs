namespace HrNetBatch.Cli.Output;

/// <summary>Rate and time left over the last seconds, so that a pause or a restart shows and is then forgotten.</summary>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(20);
    private readonly Queue<(long Time, double Done)> _samples = new();

    /// <summary>Units a second; null until there is something to divide.</summary>
    public double? PerSecond { get; private set; }

    /// <summary>Notes how much is done now.</summary>
    public void Note(double done)
    {
        long now = time.GetTimestamp();
        if (_samples.TryPeek(out (long Time, double Done) first) && done < first.Done) _samples.Clear();   // begun anew
        _samples.Enqueue((now, done));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().Time, now) > Window) _samples.Dequeue();
        (long start, double doneThen) = _samples.Peek();
        double seconds = time.GetElapsedTime(start, now).TotalSeconds;
        PerSecond = seconds > 0.2 && done > doneThen ? (done - doneThen) / seconds : seconds > Window.TotalSeconds ? null : PerSecond;
    }

    /// <summary>How long the rest takes at this rate; null while unknown.</summary>
    public TimeSpan? Left(double rest) =>
        PerSecond is { } rate && rest / rate is var seconds && seconds < TimeSpan.FromDays(100).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
}
