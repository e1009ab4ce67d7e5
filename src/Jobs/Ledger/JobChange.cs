using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>What an ended attempt means for its job: a pure function of the job, the outcome and whether other lanes live.</summary>
internal sealed record JobChange
{
    public required JobState State { get; init; }

    public required int FailureCount { get; init; }

    public required int LostCount { get; init; }

    /// <summary>Time until the next claim; null: as it was.</summary>
    public TimeSpan? Delay { get; init; }

    public bool CancelRequested { get; init; }

    public string? Error { get; init; }

    public JsonElement? Result { get; init; }

    /// <summary>The change; null when the job has ended already and the outcome is only recorded on the attempt.</summary>
    /// <param name="job">The job.</param>
    /// <param name="outcome">How the attempt ended.</param>
    /// <param name="isExcused">Whether its failure or loss is none of the job's (<see cref="SuspectUnits"/>).</param>
    /// <param name="othersLive">Whether other lanes live.</param>
    /// <param name="jitter">A random number, 0 to 1.</param>
    /// <param name="options">The limits.</param>
    public static JobChange? Of(Job job, Outcome outcome, bool isExcused, bool othersLive, double jitter, RetryOptions options)
    {
        if (job.State.HasEnded())
            return null;

        JobChange same = new()
        {
            State = job.State,
            FailureCount = job.FailureCount + (outcome is Outcome.Failed && !isExcused ? 1 : 0),
            LostCount = job.LostCount + (outcome is Outcome.Lost && !isExcused ? 1 : 0),
            CancelRequested = job.CancelRequestedAt is not null || outcome is Outcome.Cancelled,
            Error = outcome is Outcome.Failed failed ? failed.Error : job.Error,
            Result = job.Result, // an earlier one stands until the next
        };
        if (outcome is Outcome.Succeeded succeeded)
            return same with { State = job.State.Next(JobEvent.Completed), Result = succeeded.Result, Error = null };

        // Somebody asked to stop: no more retries, but "cancelled" is only said once nobody works on the job any more.
        if (same.CancelRequested)
            return othersLive ? same : same with { State = job.State.Next(job.Cancelling), Error = job.Result is null ? same.Error : null };

        return RetryPolicy.Decide(outcome, same.FailureCount, same.LostCount, jitter, options) switch
        {
            Decision.Finish finish => same with { State = job.State.Next(JobEvent.GaveUp), Error = finish.Error },
            Decision.RetryAfter retry when othersLive => same with
            {
                Delay = retry.Delay > TimeSpan.Zero ? retry.Delay : null,
                Error = retry.Error ?? job.Error,
            },
            Decision.RetryAfter retry => same with
            {
                State = job.State.Next(retry.Delay > TimeSpan.Zero ? JobEvent.Postponed : JobEvent.Returned),
                Delay = retry.Delay,
                Error = retry.Error ?? job.Error,
            },
            Decision decision => throw new InvalidOperationException($"No rule for {decision}."),
        };
    }

    /// <summary>The job after the change, as far as another change depends on it.</summary>
    public Job AppliedTo(Job job) => job with { State = State, FailureCount = FailureCount, LostCount = LostCount, Error = Error };
}
