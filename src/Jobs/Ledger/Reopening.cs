using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Puts an ended job back in the queue, in the transaction of whoever has a reason to. A result that it has stands until the next.</summary>
public static class Reopening
{
    /// <summary>Locks the job and reopens it.</summary>
    /// <exception cref="JobRefusedException">There is no such job, or it has not ended.</exception>
    public static async Task<Job> ReopenAsync(NpgsqlTransaction transaction, Guid id, CancellationToken cancellation = default) =>
        await ReopenAsync(
            transaction,
            await JobRows.LockAsync(transaction, id, cancellation) ?? throw new JobRefusedException($"There is no job {id}."),
            cancellation);

    internal static async Task<Job> ReopenAsync(NpgsqlTransaction transaction, Job job, CancellationToken cancellation)
    {
        if (!job.State.HasEnded())
            throw new JobRefusedException($"Job {job.Id} is {job.State}; only a job that has ended can be retried. Cancel it first, or wait.");

        // Another lane may not have noticed yet that the job had ended: its lease ends here, so that a queued job has no live attempt.
        await transaction.ExecuteAsync(
            """
            UPDATE hrnet.attempts SET ended_at = clock_timestamp(), outcome = 'Lost', error = 'The job had ended, and was retried.'
            WHERE job_id = @Id AND ended_at IS NULL
            """,
            new { job.Id }, cancellation);
        await transaction.ExecuteAsync(
            """
            UPDATE hrnet.jobs SET state = @next, run_at = clock_timestamp(), started_at = NULL, ended_at = NULL, cancel_requested_at = NULL,
              furthest_count = 0, failure_count = 0, lost_count = 0, error = NULL, activity = NULL
            WHERE id = @Id
            """,
            new { job.Id, next = job.State.Next(JobEvent.Retried).ToString() }, cancellation);
        return (await JobRows.LockAsync(transaction, job.Id, cancellation))!;
    }
}
