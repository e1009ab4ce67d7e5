using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>A job as the ledger knows it.</summary>
public sealed record Job
{
    /// <summary>Id.</summary>
    public Guid Id { get; init; }

    /// <summary>Stable name of the work.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The kind's arguments, defaults written out.</summary>
    public JsonElement Arguments { get; init; }

    /// <summary>Where it stands.</summary>
    public JobState State { get; init; }

    /// <summary>How many workers may share it.</summary>
    public int LaneCount { get; init; }

    /// <summary>Earliest time of the next claim.</summary>
    public DateTimeOffset RunAt { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>First claim since it was submitted, or retried by somebody; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When somebody asked to cancel it; null: nobody did.</summary>
    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>Attempts started, interrupted ones included.</summary>
    public int AttemptCount { get; init; }

    /// <summary>Transient failures since submission or the last retry by an operator.</summary>
    public int FailureCount { get; init; }

    /// <summary>Leases lost since submission or the last retry by an operator.</summary>
    public int LostCount { get; init; }

    /// <summary>Progress, in the kind's own measure.</summary>
    public long DoneCount { get; init; }

    /// <summary>What progress counts up to; null while unknown.</summary>
    public long? TotalCount { get; init; }

    /// <summary>What is going on, for people.</summary>
    public string? Activity { get; init; }

    /// <summary>The result; null before the first success. While failed items are retried, and where that fails, the one before stands.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>What a cancel is to the job once nobody works on it: the end, or the end of a retry after which its result stands as before.</summary>
    internal JobEvent Cancelling => Result is null ? JobEvent.Stopped : JobEvent.Restored;

    /// <summary>Why it failed, or what the next attempt is for.</summary>
    public string? Error { get; init; }

    /// <summary>Jobs that appear when this one succeeds.</summary>
    public IReadOnlyList<JobRequest> Followers { get; init; } = [];

    /// <summary>The job that this one followed; null when submitted by itself.</summary>
    public Guid? Follows { get; init; }

    /// <summary>The schedule that submitted it; null when none did.</summary>
    public string? Schedule { get; init; }

    /// <summary>The W3C <c>traceparent</c> of whoever asked for it; null: nobody gave one.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C <c>tracestate</c> that belongs to it.</summary>
    public string? TraceState { get; init; }
}
