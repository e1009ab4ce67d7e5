using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Jobs as people see them: submitted, found, listed, cancelled, retried.</summary>
public sealed class JobStore(NpgsqlDataSource database, JobKinds kinds, IOptions<RetryOptions> retry, Jitter jitter)
{
    /// <summary>Submits a job; with an id that is known already it changes nothing.</summary>
    /// <returns>True when the job is new.</returns>
    /// <exception cref="JobArgumentsException">The request, or a follower, is refused; the message names every field at fault.</exception>
    /// <exception cref="JobRefusedException">The id belongs to a job with other arguments.</exception>
    public async Task<bool> EnqueueAsync(JobRequest request, CancellationToken cancellation = default)
    {
        IJobArguments arguments = kinds.Check(request);
        NewJob job = new(request.Id, request.Kind, JobKinds.Write(arguments), arguments.LaneCount, request.Then, request.NotBefore, Schedule: request.Schedule)
        {
            TraceParent = request.TraceParent,
            TraceState = request.TraceState,
        };
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        bool isNew = await JobRows.InsertAsync(transaction, job, cancellation);
        if (!isNew && !await IsSameAsync(transaction, job, cancellation))
            throw new JobRefusedException($"The id {request.Id} belongs to a job of another kind or with other arguments; submit this request under a new id.");

        // 1. A crash before this commit loses the request, and its sender has had no answer; after it, nothing is lost.
        await transaction.CommitAsync(cancellation);
        return isNew;
    }

    /// <summary>The job; null when there is none of that id.</summary>
    public async Task<Job?> FindAsync(Guid id, CancellationToken cancellation = default)
    {
        return await database.FindAsync<Job>($"{JobRows.Select} WHERE id = @id", new { id }, cancellation);
    }

    /// <summary>Jobs, newest first; <paramref name="before"/> continues after that job of the previous page.</summary>
    public async Task<IReadOnlyList<Job>> ListAsync(
        JobState? state = null,
        string? kind = null,
        int limit = 50,
        Job? before = null,
        CancellationToken cancellation = default)
    {
        return await database.ListAsync<Job>(
            $"""
            {JobRows.Select}
            WHERE (@state::text IS NULL OR state = @state::text) AND (@kind::text IS NULL OR kind = @kind::text)
              AND (@beforeId::uuid IS NULL OR (created_at, id) < (@beforeTime::timestamptz, @beforeId::uuid))
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new { state = state?.ToString(), kind, limit, beforeId = before?.Id, beforeTime = before?.CreatedAt }, cancellation);
    }

    /// <summary>The jobs that followed <paramref name="id"/>, oldest first.</summary>
    public async Task<IReadOnlyList<Job>> ListFollowersAsync(Guid id, CancellationToken cancellation = default)
    {
        return await database.ListAsync<Job>(
            $"{JobRows.Select} WHERE follows = @id ORDER BY created_at, id",
            new { id }, cancellation);
    }

    /// <summary>The job's attempts, first to last.</summary>
    public async Task<IReadOnlyList<Attempt>> ListAttemptsAsync(Guid id, CancellationToken cancellation = default)
    {
        return await database.ListAsync<Attempt>(
            "SELECT number, lane, worker, device, started_at, lease_expires_at, ended_at, outcome, error FROM hrnet.attempts WHERE job_id = @id ORDER BY number",
            new { id }, cancellation);
    }

    /// <summary>How many jobs are in each state; states without jobs are absent.</summary>
    public async Task<IReadOnlyDictionary<JobState, long>> CountAsync(CancellationToken cancellation = default)
    {
        IEnumerable<(string State, long Count)> rows = await database.ListAsync<(string, long)>(
            "SELECT state, count(*) FROM hrnet.jobs GROUP BY state", null, cancellation);
        return rows.ToDictionary(row => Enum.Parse<JobState>(row.State), row => row.Count);
    }

    /// <summary>
    /// Cancels a job: at once when no worker holds it, else its workers stop within seconds of their next renewal. A job that has
    /// ended stays as it is. Of a job whose failed items are retried only the retry is cancelled: it has succeeded, with the result it had.
    /// </summary>
    /// <returns>The job afterwards: cancelled, or succeeded as before, or still running with <see cref="Job.CancelRequestedAt"/> set, or as it had ended.</returns>
    /// <exception cref="JobRefusedException">There is no such job.</exception>
    public async Task<Job> CancelAsync(Guid id, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        Job job = await JobRows.LockAsync(transaction, id, cancellation) ?? throw NotFound(id);
        (job, _) = await AttemptRows.EndExpiredAsync(transaction, job, retry.Value, jitter, cancellation);
        if (!job.State.HasEnded())
        {
            JobState next = job.State == JobState.Running ? JobState.Running : job.State.Next(job.Cancelling);
            await transaction.ExecuteAsync(
                """
                UPDATE hrnet.jobs SET state = @next, cancel_requested_at = COALESCE(cancel_requested_at, clock_timestamp()),
                  ended_at = CASE WHEN @ended THEN clock_timestamp() END, error = CASE WHEN @next <> 'Succeeded' THEN error END,
                  done_count = CASE WHEN @next = 'Succeeded' THEN COALESCE(total_count, done_count) ELSE done_count END
                WHERE id = @id
                """,
                new { id, next = next.ToString(), ended = next.HasEnded() }, cancellation);
            job = (await JobRows.LockAsync(transaction, id, cancellation))!;
        }

        // 2. A crash before this commit leaves the job uncancelled, and the caller without an answer.
        await transaction.CommitAsync(cancellation);
        return job;
    }

    /// <summary>Gives a failed or cancelled job a fresh set of tries; its checkpoints and committed units stay.</summary>
    /// <returns>The job, queued.</returns>
    /// <exception cref="JobRefusedException">There is no such job, it has not ended, or it succeeded.</exception>
    public async Task<Job> RetryAsync(Guid id, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        Job job = await JobRows.LockAsync(transaction, id, cancellation) ?? throw NotFound(id);
        if (job.State == JobState.Succeeded)
            throw new JobRefusedException($"Job {id} succeeded; there is nothing to retry. Submit it again under a new id to repeat it.");
        job = await Reopening.ReopenAsync(transaction, job, cancellation);
        await transaction.CommitAsync(cancellation);
        return job;
    }

    private static JobRefusedException NotFound(Guid id) => new($"There is no job {id}; `hrnet status` lists the jobs there are.");

    private static Task<bool> IsSameAsync(NpgsqlTransaction transaction, NewJob job, CancellationToken cancellation) =>
        transaction.SingleAsync<bool>(
            "SELECT kind = @Kind AND COALESCE(submitted_arguments, arguments) = @Arguments FROM hrnet.jobs WHERE id = @Id",
            new { job.Id, job.Kind, job.Arguments }, cancellation);
}
