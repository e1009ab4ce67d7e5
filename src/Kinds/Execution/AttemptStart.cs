using System.Text.Json;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Kinds.Execution;

/// <summary>All that an attempt process is told at its start.</summary>
/// <param name="Lease">The claim it works under.</param>
/// <param name="Arguments">The job's arguments.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda:N</c>.</param>
/// <param name="ThreadCount">Processor threads it may use.</param>
public sealed record AttemptStart(Lease Lease, JsonElement Arguments, string Device, int ThreadCount)
{
    /// <summary>The W3C <c>traceparent</c> of whoever asked for the job; null: the attempt starts a trace of its own.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The W3C <c>tracestate</c> that belongs to it.</summary>
    public string? TraceState { get; init; }
}
