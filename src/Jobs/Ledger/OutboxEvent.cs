using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Something that happened to a job, and the job as it was then.</summary>
public sealed record OutboxEvent
{
    /// <summary>Place among all events; of one job's events, the later has the higher.</summary>
    public long Position { get; init; }

    /// <summary>Id, the same however often the event is published.</summary>
    public Guid Id { get; init; }

    /// <summary>The job.</summary>
    public Guid JobId { get; init; }

    /// <summary>What happened: started, progressed, succeeded, failed or cancelled.</summary>
    public string Event { get; init; } = "";

    /// <summary>When, by the database's clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The job's kind.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The job's state.</summary>
    public JobState State { get; init; }

    /// <summary>Attempts started so far.</summary>
    public int AttemptCount { get; init; }

    /// <summary>Progress, in the kind's own measure.</summary>
    public long DoneCount { get; init; }

    /// <summary>What progress counts up to; null while unknown.</summary>
    public long? TotalCount { get; init; }

    /// <summary>What is going on, for people.</summary>
    public string? Activity { get; init; }

    /// <summary>The result; null unless succeeded.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Why it failed, or what the attempt that started is for.</summary>
    public string? Error { get; init; }

    /// <summary>The job that this one followed.</summary>
    public Guid? Follows { get; init; }

    /// <summary>The schedule that submitted it.</summary>
    public string? Schedule { get; init; }

    /// <summary>The W3C <c>traceparent</c> of whoever asked for the job.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C <c>tracestate</c> that belongs to it.</summary>
    public string? TraceState { get; init; }
}
