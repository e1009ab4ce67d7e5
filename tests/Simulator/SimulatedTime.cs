namespace HrNetBatch.Simulator;

/// <summary>The one true time of a history, in microseconds since its begin. It is the database's clock too.</summary>
internal sealed class TrueTime
{
    /// <summary>Where it begins, and with it the database's clock.</summary>
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public long Microseconds { get; set; }

    public override string ToString() => FormattableString.Invariant($"{Microseconds / 1e6,8:0.000}");
}

/// <summary>The clock of one machine: it may be ahead or behind, and too fast or too slow.</summary>
internal sealed class MachineClock(TrueTime time, Action<Parked> park) : TimeProvider
{
    public double Rate { get; set; } = 1;

    public TimeSpan Ahead { get; set; }

    public override long TimestampFrequency => 1_000_000;

    public override long GetTimestamp() => (long)(time.Microseconds * Rate);

    public override DateTimeOffset GetUtcNow() => TrueTime.Start + Ahead + TimeSpan.FromMicroseconds(GetTimestamp());

    /// <summary>The true time after which <paramref name="span"/> has gone by on this clock.</summary>
    public long TrueAfter(TimeSpan span) => time.Microseconds + (long)(span.TotalMicroseconds / Rate);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, park, callback, state, dueTime);

    // Product code that a session runs waits for one timer at a time: Task.Delay.
    private sealed class Timer : ITimer
    {
        public Timer(MachineClock clock, Action<Parked> park, TimerCallback callback, object? state, TimeSpan dueTime)
        {
            if (dueTime < TimeSpan.Zero) return;
            long due = clock.TrueAfter(dueTime);
            park(new Parked("waits for its clock", () => clock.GetTimestampTrue() >= due, () => callback(state)) { Due = due });
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => default;
    }

    private long GetTimestampTrue() => time.Microseconds;
}

/// <summary>A session that waits for something other than PostgreSQL or blobs.</summary>
/// <param name="What">For the log.</param>
/// <param name="IsOver">Whether it may go on.</param>
/// <param name="GoOn">Lets it.</param>
internal sealed record Parked(string What, Func<bool> IsOver, Action GoOn)
{
    /// <summary>The true time at which it may go on, where it is time alone that it waits for.</summary>
    public long? Due { get; init; }
}
