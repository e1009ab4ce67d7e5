using System.Text.Json;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>Everything about one job but its curves and failed items.</summary>
/// <param name="Summary">What lists show.</param>
/// <param name="Arguments">The kind's arguments.</param>
/// <param name="Result">The result; null unless succeeded.</param>
/// <param name="Attempts">Its executions, first to last.</param>
/// <param name="FailureCount">Transient failures since it was submitted or retried.</param>
/// <param name="LostCount">Leases lost since it was submitted or retried.</param>
/// <param name="Units">Counts of a bulk job; null for others.</param>
/// <param name="Followers">Jobs that it starts when it succeeds.</param>
/// <param name="Follows">The job that it followed.</param>
/// <param name="Schedule">The schedule that submitted it.</param>
/// <param name="Checkpoint">The checkpoint that it uses; null until its first attempt has found it, and where it needs none.</param>
/// <param name="HasCurves">Whether it has recorded metrics.</param>
public sealed record JobDetail(
    JobSummary Summary,
    JsonElement Arguments,
    JsonElement? Result,
    IReadOnlyList<Attempt> Attempts,
    int FailureCount,
    int LostCount,
    UnitCounts? Units,
    IReadOnlyList<FollowerView> Followers,
    Guid? Follows,
    string? Schedule,
    PinnedCheckpoint? Checkpoint,
    bool HasCurves);

/// <summary>A job that another one starts when it succeeds.</summary>
/// <param name="Id">Its id, known from the start.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Job">The job itself once it exists.</param>
public sealed record FollowerView(Guid Id, string Kind, JobSummary? Job);
