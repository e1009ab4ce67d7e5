using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>A job in a list.</summary>
public sealed record JobSummary
{
    /// <summary>Id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Stable name of the work.</summary>
    public required string Kind { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>Whether somebody asked to cancel it.</summary>
    public required bool IsCancelRequested { get; init; }

    /// <summary>Progress, in the kind's own measure.</summary>
    public required long DoneCount { get; init; }

    /// <summary>What progress counts up to; null while unknown.</summary>
    public required long? TotalCount { get; init; }

    /// <summary>Progress a second: over the last minute while it runs, on average once it has ended in its first attempt; null while unknown or waiting.</summary>
    public required double? RatePerSecond { get; init; }

    /// <summary>Seconds left at that rate; null unless running.</summary>
    public required double? SecondsLeft { get; init; }

    /// <summary>What is going on, for people.</summary>
    public required string? Activity { get; init; }

    /// <summary>Why it failed, or what the next attempt is for.</summary>
    public required string? Error { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>First claim since it was submitted, or retried by somebody; null before.</summary>
    public required DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null before.</summary>
    public required DateTimeOffset? EndedAt { get; init; }

    /// <summary>Seconds from its start to its end, or until now; null before its start.</summary>
    public required double? DurationSeconds { get; init; }

    /// <param name="job">The job.</param>
    /// <param name="now">The time.</param>
    /// <param name="recentRate">Progress a second over the last minute; null while unknown.</param>
    internal static JobSummary Of(Job job, DateTimeOffset now, double? recentRate)
    {
        double? duration = job.StartedAt is { } started ? Math.Max(((job.EndedAt ?? now) - started).TotalSeconds, 0) : null;
        double? rate = job.State == JobState.Running ? recentRate
            : job.DoneCount > 0 && duration > 1 && job.EndedAt is not null && job.AttemptCount <= job.LaneCount ? job.DoneCount / duration : null;
        return new JobSummary
        {
            Id = job.Id,
            Kind = job.Kind,
            State = job.State,
            IsCancelRequested = job.CancelRequestedAt is not null,
            DoneCount = job.DoneCount,
            TotalCount = job.TotalCount,
            RatePerSecond = rate,
            SecondsLeft = job.State == JobState.Running && rate is > 0 && job.TotalCount >= job.DoneCount ? (job.TotalCount - job.DoneCount) / rate : null,
            Activity = job.Activity,
            Error = job.Error,
            CreatedAt = job.CreatedAt,
            StartedAt = job.StartedAt,
            EndedAt = job.EndedAt,
            DurationSeconds = duration,
        };
    }
}
