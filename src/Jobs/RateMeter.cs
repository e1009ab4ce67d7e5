namespace HrNetBatch.Jobs;

/// <summary>
/// Rate and time left over the last minute, for everybody who shows them: a pause shows and is then forgotten, and the portions in which
/// work is reported do not.
/// </summary>
public sealed class RateMeter(TimeProvider time)
{
    private const int PauseFactor = 5;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Over less, two portions that happen to end together would look like great haste.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);

    private readonly Queue<(long Time, double Done)> _changes = new();
    private (long Time, double Done)? _last;

    /// <summary>Units a second; null until there is enough to divide, and when nothing has happened for long.</summary>
    public double? PerSecond { get; private set; }

    /// <summary>Notes how much is done now; only changes count, because work is reported in portions with pauses between them.</summary>
    public void Note(double done)
    {
        long now = time.GetTimestamp();
        bool isAnew = _last is { } before && done < before.Done;   // an attempt was lost, and the next resumes further back
        if (isAnew || (_last is { } last && done != last.Done && IsPause(time.GetElapsedTime(last.Time, now))))
            _changes.Clear();

        // Where somebody begins to look amid the work, the first portion was begun before: only its end says when the next one began.
        if (isAnew || (_last is null && done == 0) || (_last is { } known && done != known.Done))
            _changes.Enqueue((now, done));
        if (_last is not { } same || done != same.Done)
            _last = (now, done);
        while (_changes.Count > 2 && time.GetElapsedTime(_changes.Peek().Time, now) > Window)
            _changes.Dequeue();
        PerSecond = Rate(now, _last.Value);
    }

    /// <summary>How long the rest takes at this rate; null while unknown.</summary>
    public TimeSpan? Left(double rest) =>
        PerSecond is { } rate && rest / rate is var seconds && seconds < TimeSpan.FromDays(100).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

    private double? Rate(long now, (long Time, double Done) last)
    {
        if (_changes.Count < 2 || time.GetElapsedTime(last.Time, now) > Window)
            return null;
        (long start, double doneThen) = _changes.Peek();
        TimeSpan span = time.GetElapsedTime(start, last.Time);
        return span >= Shortest ? (last.Done - doneThen) / span.TotalSeconds : null;
    }

    // A validation between two epochs says nothing about the steps; one portion after the other that takes minutes does.
    private bool IsPause(TimeSpan gap) =>
        gap > Window && _changes.Count >= 2 && gap > PauseFactor * time.GetElapsedTime(_changes.Peek().Time, _last!.Value.Time) / (_changes.Count - 1);
}
