using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>An attempt whose lease expired.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Kind">The job's kind.</param>
/// <param name="Number">The attempt's number.</param>
/// <param name="Lane">Its lane.</param>
/// <param name="Worker">The worker that fell silent.</param>
public sealed record LostAttempt(Guid JobId, string Kind, int Number, int Lane, string Worker);

/// <summary>The statements on the table of attempts that several stores share; the caller holds the lock on the job's row.</summary>
internal static class AttemptRows
{
    /// <summary>Of an attempt <c>a</c>: that it holds its lease, and so its lane.</summary>
    public const string HoldsLease = "a.ended_at IS NULL AND a.lease_expires_at > clock_timestamp()";

    /// <summary>Of an attempt <c>a</c>: that its worker fell silent, and nobody has noted it yet.</summary>
    public const string HasExpired = "a.ended_at IS NULL AND a.lease_expires_at <= clock_timestamp()";

    /// <summary>How many attempts of the job have not ended.</summary>
    public static Task<int> CountLiveAsync(NpgsqlTransaction transaction, Guid jobId, CancellationToken cancellation) =>
        transaction.SingleAsync<int>(
            "SELECT count(*) FROM hrnet.attempts WHERE job_id = @jobId AND ended_at IS NULL",
            new { jobId }, cancellation);

    /// <summary>Ends the job's attempts whose lease has expired, and gives the job the state that follows.</summary>
    public static async Task<(Job Job, IReadOnlyList<LostAttempt> Lost)> EndExpiredAsync(
        NpgsqlTransaction transaction,
        Job job,
        RetryOptions retry,
        Jitter jitter,
        CancellationToken cancellation)
    {
        List<Expired> expired = await transaction.ListAsync<Expired>(
            $"""
            UPDATE hrnet.attempts a SET ended_at = clock_timestamp(), outcome = 'Lost', error = 'The lease expired.'
            WHERE job_id = @Id AND {HasExpired}
            RETURNING token, number, lane, worker
            """,
            new { job.Id }, cancellation);
        if (expired.Count == 0)
            return (job, []);

        bool othersLive = await CountLiveAsync(transaction, job.Id, cancellation) > 0;
        for (int i = 0; i < expired.Count; i++)
        {
            bool isExcused = await SuspectUnits.NoteDeathAsync(
                transaction, job.Id, expired[i].Token, "the worker died, hung or lost the database", cancellation);
            if (JobChange.Of(job, new Outcome.Lost(), isExcused, othersLive || i < expired.Count - 1, jitter.Next(), retry) is not { } change)
                break;
            await JobRows.ChangeAsync(transaction, job.Id, change, cancellation);
            job = change.AppliedTo(job);
        }

        return (
            (await JobRows.LockAsync(transaction, job.Id, cancellation))!,
            [.. expired.Select(attempt => new LostAttempt(job.Id, job.Kind, attempt.Number, attempt.Lane, attempt.Worker))]);
    }

    private sealed record Expired(Guid Token, int Number, int Lane, string Worker);
}
