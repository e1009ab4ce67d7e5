using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>The statements on the table of jobs that several stores share; all run in the caller's transaction.</summary>
internal static class JobRows
{
    /// <summary>Every column, for <see cref="Job"/>.</summary>
    public const string Select = "SELECT * FROM hrnet.jobs";

    /// <summary>That a job has not ended; word for word the condition of the index jobs_open, so that ended jobs cost nothing.</summary>
    public const string IsOpen = "state IN ('Queued', 'Scheduled', 'Running')";

    /// <summary>
    /// The job with its row locked until the transaction ends; null when there is none. NO KEY: a write that is inside the fence, and of which
    /// somebody who holds this lock waits for the end, may insert rows that refer to the job.
    /// </summary>
    public static Task<Job?> LockAsync(NpgsqlTransaction transaction, Guid id, CancellationToken cancellation) =>
        transaction.FindAsync<Job>($"{Select} WHERE id = @id FOR NO KEY UPDATE", new { id }, cancellation);

    /// <summary>Inserts a new job; false when the id is taken.</summary>
    public static async Task<bool> InsertAsync(NpgsqlTransaction transaction, NewJob job, CancellationToken cancellation) =>
        await transaction.ExecuteAsync(
            """
            INSERT INTO hrnet.jobs (id, kind, arguments, lane_count, followers, follows, schedule, error, trace_parent, trace_state, run_at, state, ended_at)
            SELECT @Id, @Kind, @Arguments, @LaneCount, @Followers, @Follows::uuid, @Schedule::text, @Error::text, @TraceParent::text, @TraceState::text, run_at,
                   CASE WHEN @Error::text IS NOT NULL THEN 'Failed' WHEN run_at > now THEN 'Scheduled' ELSE 'Queued' END,
                   CASE WHEN @Error::text IS NOT NULL THEN now END
            FROM (SELECT now, COALESCE(@NotBefore::timestamptz, now) AS run_at FROM clock_timestamp() AS now) AS clock
            ON CONFLICT (id) DO NOTHING
            """,
            new { job.Id, job.Kind, job.Arguments, job.LaneCount, job.Followers, job.Follows, job.Schedule, job.Error, job.TraceParent, job.TraceState, job.NotBefore },
            cancellation) == 1;

    /// <summary>Writes what an ended attempt means for its job.</summary>
    public static Task ChangeAsync(NpgsqlTransaction transaction, Guid id, JobChange change, CancellationToken cancellation) =>
        transaction.ExecuteAsync(
            """
            UPDATE hrnet.jobs SET
              state = @state,
              failure_count = @FailureCount,
              lost_count = @LostCount,
              run_at = CASE WHEN @delaySeconds::double precision IS NULL THEN run_at ELSE clock_timestamp() + make_interval(secs => @delaySeconds::double precision) END,
              ended_at = CASE WHEN @ended THEN clock_timestamp() END,
              cancel_requested_at = CASE WHEN @CancelRequested THEN COALESCE(cancel_requested_at, clock_timestamp()) END,
              activity = CASE WHEN @ended THEN NULL ELSE activity END,
              done_count = CASE WHEN @CancelRequested AND @state = 'Succeeded' THEN COALESCE(total_count, done_count) ELSE done_count END,
              error = @Error,
              result = @Result::jsonb
            WHERE id = @id
            """,
            new
            {
                id,
                state = change.State.ToString(),
                change.FailureCount,
                change.LostCount,
                delaySeconds = change.Delay?.TotalSeconds,
                ended = change.State.HasEnded(),
                change.CancelRequested,
                change.Error,
                change.Result,
            },
            cancellation);
}

/// <summary>A row to insert; with an error it is born failed.</summary>
internal sealed record NewJob(
    Guid Id,
    string Kind,
    JsonElement Arguments,
    int LaneCount,
    IReadOnlyList<JobRequest> Followers,
    DateTimeOffset? NotBefore,
    Guid? Follows = null,
    string? Schedule = null,
    string? Error = null)
{
    public string? TraceParent { get; init; }

    public string? TraceState { get; init; }
}
