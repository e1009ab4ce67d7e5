using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>What follows from an outcome.</summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>The job ends.</summary>
    /// <param name="State">Succeeded, Cancelled or Failed.</param>
    /// <param name="Error">Why it failed, for people.</param>
    public sealed record Finish(JobState State, string? Error = null) : Decision;

    /// <summary>The job is tried again.</summary>
    /// <param name="Delay">After this time; zero: at once.</param>
    /// <param name="Error">What the retry is for, for people; null when nothing failed.</param>
    public sealed record RetryAfter(TimeSpan Delay, string? Error = null) : Decision;
}

/// <summary>The retry policy: a pure function, so it can be read and tested without a clock.</summary>
public static class RetryPolicy
{
    // Jitter spreads a delay over this share on both sides, so that jobs that failed together do not return together.
    private const double Spread = 0.2;

    /// <summary>Decides.</summary>
    /// <param name="outcome">How the attempt ended.</param>
    /// <param name="failureCount">Transient failures of the job, this one included.</param>
    /// <param name="lostCount">Lost leases of the job, this one included.</param>
    /// <param name="jitter">A random number, 0 to 1.</param>
    /// <param name="options">The limits.</param>
    public static Decision Decide(Outcome outcome, int failureCount, int lostCount, double jitter, RetryOptions options) => outcome switch
    {
        Outcome.Succeeded => new Decision.Finish(JobState.Succeeded),
        Outcome.Cancelled => new Decision.Finish(JobState.Cancelled),
        Outcome.HandedBack => new Decision.RetryAfter(TimeSpan.Zero),
        Outcome.Failed { Kind: FailureKind.Permanent } failed => new Decision.Finish(JobState.Failed, failed.Error),
        Outcome.Failed failed when failureCount >= options.FailureLimit =>
            new Decision.Finish(JobState.Failed, $"{failed.Error} (given up after {Counted.Of(failureCount, "failure")})"),
        Outcome.Failed failed => new Decision.RetryAfter(BackOff(failureCount, jitter, options), failed.Error),
        Outcome.Lost when lostCount > options.LostLimit =>
            new Decision.Finish(JobState.Failed, $"The job's workers died or hung {Counted.Of(lostCount, "time")}; see their logs, then retry the job."),
        Outcome.Lost => new Decision.RetryAfter(TimeSpan.Zero, "The worker died, hung or lost the database; its lease expired."),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "This outcome has no rule."),
    };

    private static TimeSpan BackOff(int failureCount, double jitter, RetryOptions options)
    {
        double seconds = options.FirstDelay.TotalSeconds * Math.Pow(2, Math.Clamp(failureCount - 1, 0, 40));
        double spread = 1 - Spread + (2 * Spread * jitter);
        return TimeSpan.FromSeconds(Math.Min(seconds * spread, options.LongestDelay.TotalSeconds));
    }
}
