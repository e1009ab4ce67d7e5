using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Leases: how an attempt takes a lane, keeps it, and ends. Time is the database's.</summary>
public sealed class LeaseStore(NpgsqlDataSource database, JobKinds kinds, IOptions<LedgerOptions> ledger, IOptions<RetryOptions> retry, Jitter jitter)
{
    /// <summary>Takes the lowest free lane of a job; null when there is nothing to do: no such job, not due, ended, cancelled, or every lane taken.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="worker">Name of the worker, for status pages.</param>
    /// <param name="device">Device the attempt will use, for status pages.</param>
    /// <param name="cancellation">Gives up before anything is claimed.</param>
    public async Task<Lease?> ClaimAsync(Guid jobId, string worker, string device, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        if (await JobRows.LockAsync(transaction, jobId, cancellation) is not { } job)
            return null;
        (job, IReadOnlyList<LostAttempt> lost) = await AttemptRows.EndExpiredAsync(transaction, job, retry.Value, jitter, cancellation);

        Lease? lease = null;
        TimeSpan wait = default;
        if (job.State.Allows(JobEvent.Claimed) && job.CancelRequestedAt is null)
            lease = await InsertAttemptAsync(transaction, job, worker, device, cancellation);
        if (lease is not null)
            wait = await TakeLaneAsync(transaction, job, lease, cancellation);

        // 3. A crash before this commit leaves the lane free; after it, the lane is taken until the lease expires, and then free again.
        await transaction.CommitAsync(cancellation);
        LedgerEvents.Lost(lost);
        if (lease is not null)
            LedgerEvents.Claimed(lease, wait);
        return lease;
    }

    /// <summary>Extends the lease, and tells what became of the job meanwhile.</summary>
    public async Task<LeaseStatus> RenewAsync(Lease lease, CancellationToken cancellation = default)
    {
        Job? job = await database.FindAsync<Job>(
            $"""
            UPDATE hrnet.attempts a SET lease_expires_at = clock_timestamp() + make_interval(secs => @seconds)
            FROM hrnet.jobs j
            WHERE a.token = @Token AND {AttemptRows.HoldsLease} AND j.id = a.job_id
            RETURNING j.state, j.cancel_requested_at
            """,
            new { lease.Token, seconds = ledger.Value.LeaseDuration.TotalSeconds }, cancellation);
        return job switch
        {
            null => LeaseStatus.Lost,
            { State: JobState.Succeeded or JobState.Failed or JobState.Cancelled } => LeaseStatus.JobEnded,
            { CancelRequestedAt: not null } => LeaseStatus.CancelRequested,
            _ => LeaseStatus.Held,
        };
    }

    /// <summary>
    /// Ends the attempt, and in the same transaction gives the job the state that follows and, on success, its followers. Saying the
    /// same again (after a connection broke at the commit) changes nothing.
    /// </summary>
    /// <returns>The job's state afterwards.</returns>
    /// <exception cref="LeaseLostException">The lease expired, or the attempt has ended in another way; nothing was written.</exception>
    public async Task<JobState> EndAsync(Lease lease, Outcome outcome, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        Job job = await JobRows.LockAsync(transaction, lease.JobId, cancellation) ?? throw new LeaseLostException(lease.Token);
        Attempt attempt = await LockAttemptAsync(transaction, lease, cancellation);
        if (attempt.Outcome == outcome.Name)
            return job.State;
        await Fence.EnterAsync(transaction, lease.Token, cancellation);
        Attempt ended = await EndAttemptAsync(transaction, lease, outcome, cancellation);

        bool othersLive = await AttemptRows.CountLiveAsync(transaction, job.Id, cancellation) > 0;
        bool isExcused = outcome is Outcome.Failed { Died: true } died
            && await SuspectUnits.NoteDeathAsync(transaction, job.Id, lease.Token, died.Error, cancellation);
        JobChange? change = JobChange.Of(job, outcome, isExcused, othersLive, jitter.Next(), retry.Value);
        if (change is not null)
        {
            await JobRows.ChangeAsync(transaction, job.Id, change, cancellation);
            if (outcome is Outcome.Succeeded succeeded)
                await Followers.InsertAsync(transaction, job, succeeded.Result, kinds, cancellation);
            job = (await JobRows.LockAsync(transaction, job.Id, cancellation))!;
        }

        // 4. A crash before this commit costs the outcome: the lease expires and another attempt repeats what was not saved. After it,
        //    attempt, job and followers are one fact.
        await transaction.CommitAsync(cancellation);
        LedgerEvents.Ended(job, ended, jobEnded: change is not null && job.State.HasEnded());
        return job.State;
    }

    /// <summary>Ends every attempt whose lease has expired; any worker may do so for all.</summary>
    /// <returns>The attempts that were lost.</returns>
    public async Task<IReadOnlyList<LostAttempt>> ExpireAsync(CancellationToken cancellation = default)
    {
        IReadOnlyList<Guid> silent = await database.ListAsync<Guid>(
            $"SELECT DISTINCT job_id FROM hrnet.attempts a WHERE {AttemptRows.HasExpired}", null, cancellation);
        List<LostAttempt> all = [];
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        foreach (Guid id in silent)
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
            if (await JobRows.LockAsync(transaction, id, cancellation) is not { } job)
                continue;
            (_, IReadOnlyList<LostAttempt> lost) = await AttemptRows.EndExpiredAsync(transaction, job, retry.Value, jitter, cancellation);
            await transaction.CommitAsync(cancellation);
            LedgerEvents.Lost(lost);
            all.AddRange(lost);
        }

        return all;
    }

    private async Task<Lease?> InsertAttemptAsync(
        NpgsqlTransaction transaction,
        Job job,
        string worker,
        string device,
        CancellationToken cancellation)
    {
        // The job's row is locked, so nobody else looks for a lane of it; the unique index on live attempts backs that.
        return await transaction.FindAsync<Lease>(
            """
            INSERT INTO hrnet.attempts (token, job_id, number, lane, worker, device, lease_expires_at)
            SELECT @token, j.id, j.attempt_count + 1, lane, @worker, @device, clock_timestamp() + make_interval(secs => @seconds)
            FROM hrnet.jobs j, generate_series(0, j.lane_count - 1) AS lane
            WHERE j.id = @Id AND j.run_at <= clock_timestamp()
              AND NOT EXISTS (SELECT FROM hrnet.attempts a WHERE a.job_id = j.id AND a.lane = lane.lane AND a.ended_at IS NULL)
            ORDER BY lane LIMIT 1
            RETURNING token, job_id, @Kind::text AS kind, number AS attempt, lane
            """,
            new { token = Guid.NewGuid(), job.Id, job.Kind, worker, device, seconds = ledger.Value.LeaseDuration.TotalSeconds },
            cancellation);
    }

    private static async Task<TimeSpan> TakeLaneAsync(NpgsqlTransaction transaction, Job job, Lease lease, CancellationToken cancellation) =>
        await transaction.SingleAsync<TimeSpan>(
            """
            WITH answered AS (DELETE FROM hrnet.wakes WHERE job_id = @JobId AND lane = @Lane)
            UPDATE hrnet.jobs SET state = @next, attempt_count = attempt_count + 1, started_at = COALESCE(started_at, clock_timestamp())
            WHERE id = @JobId
            RETURNING clock_timestamp() - run_at
            """,
            new { lease.JobId, lease.Lane, next = job.State.Next(JobEvent.Claimed).ToString() }, cancellation);

    private static async Task<Attempt> LockAttemptAsync(NpgsqlTransaction transaction, Lease lease, CancellationToken cancellation) =>
        await transaction.FindAsync<Attempt>(
            "SELECT * FROM hrnet.attempts WHERE token = @Token AND job_id = @JobId FOR UPDATE",
            new { lease.Token, lease.JobId }, cancellation) ?? throw new LeaseLostException(lease.Token);

    private static Task<Attempt> EndAttemptAsync(NpgsqlTransaction transaction, Lease lease, Outcome outcome, CancellationToken cancellation) =>
        transaction.SingleAsync<Attempt>(
            "UPDATE hrnet.attempts SET ended_at = clock_timestamp(), outcome = @Name, error = @error WHERE token = @Token RETURNING *",
            new
            {
                lease.Token,
                outcome.Name,
                error = outcome switch
                {
                    Outcome.Failed failed => failed.Error,
                    Outcome.HandedBack back => back.Reason,
                    _ => null,
                },
            },
            cancellation);
}
