using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>A job's progress, written by its attempts.</summary>
public sealed class ProgressStore(NpgsqlDataSource database)
{
    /// <summary>
    /// Sets the progress; null leaves the total, or the activity, as it is. Progress beyond any before forgives failures and losses:
    /// a job of many days may meet more of them than the limits, but not in one place.
    /// </summary>
    /// <exception cref="LeaseLostException">The attempt lost its lease.</exception>
    public async Task ReportAsync(Lease lease, long done, long? total, string? activity, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        await Fence.EnterWithJobAsync(transaction, lease, cancellation);
        await transaction.ExecuteAsync(
            """
            UPDATE hrnet.jobs SET
              done_count = @done,
              furthest_count = GREATEST(furthest_count, @done),
              failure_count = CASE WHEN @done > furthest_count THEN 0 ELSE failure_count END,
              lost_count = CASE WHEN @done > furthest_count THEN 0 ELSE lost_count END,
              total_count = COALESCE(@total::bigint, total_count),
              activity = COALESCE(@activity::text, activity)
            WHERE id = @JobId AND state = 'Running'
            """,
            new { lease.JobId, done, total, activity }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Records inputs that could not be used; one that is known already stays as it is, so that repeating this changes nothing.</summary>
    /// <exception cref="LeaseLostException">The attempt lost its lease.</exception>
    public Task RecordFailedAsync(Lease lease, IReadOnlyCollection<(string Name, string Reason)> items, CancellationToken cancellation = default) =>
        database.WriteAsync(lease, transaction => transaction.ExecuteAsync(
            "INSERT INTO hrnet.failed_items (job_id, name, reason) SELECT @JobId, * FROM unnest(@names, @reasons) ON CONFLICT (job_id, round, name) DO NOTHING",
            new { lease.JobId, names = items.Select(item => item.Name).ToArray(), reasons = items.Select(item => item.Reason).ToArray() },
            cancellation), cancellation);
}
