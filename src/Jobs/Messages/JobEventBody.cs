using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Messages;

/// <summary>The JSON body of a message that tells what happened to a job.</summary>
public sealed record JobEventBody
{
    /// <summary>Version of this contract: 1.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>The event's id, which is the message's: the same however often it is delivered.</summary>
    public required Guid Id { get; init; }

    /// <summary>Orders the events of one job: the later has the higher number.</summary>
    public required long Sequence { get; init; }

    /// <summary>What happened: <c>started</c>, <c>progressed</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public required string Event { get; init; }

    /// <summary>When, by the ledger's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The job's id.</summary>
    public required Guid JobId { get; init; }

    /// <summary>The job's kind.</summary>
    public required string Kind { get; init; }

    /// <summary>The job's state after the event.</summary>
    public required JobState State { get; init; }

    /// <summary>Attempts started so far.</summary>
    public required int AttemptCount { get; init; }

    /// <summary>Progress, in the kind's own measure: steps, images, bytes.</summary>
    public required long DoneCount { get; init; }

    /// <summary>What progress counts up to; absent while unknown.</summary>
    public long? TotalCount { get; init; }

    /// <summary>What is going on, for people.</summary>
    public string? Activity { get; init; }

    /// <summary>The result of a job that succeeded.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Whether the result was left out because it is too large for a message; the ledger has it.</summary>
    public bool? ResultOmitted { get; init; }

    /// <summary>Why the job failed, or why it is tried again.</summary>
    public string? Error { get; init; }

    /// <summary>The job that this one followed.</summary>
    public Guid? Follows { get; init; }

    /// <summary>The schedule that submitted it.</summary>
    public string? Schedule { get; init; }

    internal static JobEventBody Of(OutboxEvent happened) => new()
    {
        SchemaVersion = JobEventMessage.SchemaVersion,
        Id = happened.Id,
        Sequence = happened.Position,
        Event = happened.Event,
        At = happened.At,
        JobId = happened.JobId,
        Kind = happened.Kind,
        State = happened.State,
        AttemptCount = happened.AttemptCount,
        DoneCount = happened.DoneCount,
        TotalCount = happened.TotalCount,
        Activity = happened.Activity,
        Result = happened.Result,
        Error = happened.Error,
        Follows = happened.Follows,
        Schedule = happened.Schedule,
    };
}
