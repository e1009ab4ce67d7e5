using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>The units of bulk jobs: claimed by one live attempt at a time, committed once.</summary>
public sealed class UnitStore(NpgsqlDataSource database)
{
    private const string TotalsSql =
        $"""
        SELECT COALESCE(sum(u.items) FILTER (WHERE u.is_committed), 0)::bigint AS done_count,
               COALESCE(sum(u.failed_count) FILTER (WHERE u.round = p.round), 0)::bigint AS failed_count,
               COALESCE(sum(u.items), 0)::bigint AS item_count,
               COALESCE(max(p.round), 0) AS round,
               COALESCE(max(p.folder_marker_count), 0) AS folder_marker_count,
               COALESCE(bool_or(p.completed_at IS NOT NULL), false) AS is_plan_complete
        FROM (SELECT @jobId::uuid AS id) job LEFT JOIN hrnet.plans p ON p.job_id = job.id LEFT JOIN LATERAL (
          SELECT u.round, u.failed_count, u.committed_at IS NOT NULL AS is_committed, {Unit.ItemsLeft} AS items
          FROM hrnet.units u WHERE u.job_id = p.job_id) u ON true
        """;

    /// <summary>Claims the first unit that nobody alive works on and that is no suspect; null when there is none now.</summary>
    public async Task<Unit?> ClaimAsync(Lease lease, CancellationToken cancellation)
    {
        // A claim needs no release: it ends with the attempt, whichever way that ends.
        var row = await database.WriteAsync(lease, transaction => transaction.FindAsync<(int Index, byte[] Items)?>(
            $"""
            UPDATE hrnet.units SET token = @Token WHERE (job_id, index) = (
              SELECT u.job_id, u.index FROM hrnet.units u
              WHERE u.job_id = @JobId AND u.committed_at IS NULL AND NOT EXISTS (
                SELECT FROM hrnet.attempts a WHERE a.token = u.token AND {AttemptRows.HoldsLease})
                AND NOT EXISTS (SELECT FROM hrnet.suspect_units s WHERE s.job_id = u.job_id AND s.index = u.index)
              ORDER BY u.index LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING index, items
            """,
            lease, cancellation), cancellation);
        return row is { } unit ? new(unit.Index, Unit.Unpack(unit.Items)) : null;
    }

    /// <summary>Commits a unit with its part (null when no image of it could be read) and its failed items, all or nothing.</summary>
    /// <exception cref="LeaseLostException">The unit is not this attempt's any more; nothing was written.</exception>
    public Task<UnitTotals> CommitAsync(Lease lease, int index, Part? part, IReadOnlyCollection<FailedItem> failed, CancellationToken cancellation) =>
        database.WriteAsync(lease, async transaction =>
        {
            var round = await transaction.FindAsync<int?>(
                """
                UPDATE hrnet.units SET part = @part, part_bytes = @bytes, part_sha256 = @sha256, row_count = @rows, failed_count = @failed,
                  items = '', committed_at = clock_timestamp()
                WHERE job_id = @JobId AND index = @index AND token = @Token AND committed_at IS NULL
                RETURNING round
                """,
                new { lease.JobId, lease.Token, index, part = part?.Name, bytes = part?.Bytes, sha256 = part?.Sha256, rows = part?.RowCount ?? 0, failed = failed.Count }, cancellation);
            if (round is null) throw new LeaseLostException(lease.Token);

            await transaction.ExecuteAsync(
                """
                DELETE FROM hrnet.suspect_units WHERE job_id = @JobId AND index = @index;
                DELETE FROM hrnet.failed_items WHERE job_id = @JobId AND unit = @index;
                INSERT INTO hrnet.failed_items (job_id, round, name, etag, reason)
                SELECT @JobId, @round, * FROM unnest(@names::text[], @etags::text[], @reasons::text[])
                """,
                new
                {
                    lease.JobId,
                    index,
                    round,
                    names = failed.Select(item => item.Name.Replace('\0', '\uFFFD')).ToArray(), // PostgreSQL stores no NUL
                    etags = failed.Select(item => item.Etag).ToArray(),
                    reasons = failed.Select(item => item.Reason).ToArray(),
                }, cancellation);
            return await transaction.SingleAsync<UnitTotals>(TotalsSql, new { jobId = lease.JobId }, cancellation);
        }, cancellation);

    /// <summary>How far the job is.</summary>
    public Task<UnitTotals> TotalsAsync(Guid jobId, CancellationToken cancellation) =>
        database.SingleAsync<UnitTotals>(TotalsSql, new { jobId }, cancellation);

    /// <summary>Every committed part, in the order of the units.</summary>
    public async Task<IReadOnlyList<Part>> ListPartsAsync(Guid jobId, CancellationToken cancellation)
    {
        return await database.ListAsync<Part>(
            """
            SELECT part AS name, row_count, part_bytes AS bytes, part_sha256 AS sha256 FROM hrnet.units
            WHERE job_id = @jobId AND part IS NOT NULL ORDER BY index
            """,
            new { jobId }, cancellation);
    }
}
