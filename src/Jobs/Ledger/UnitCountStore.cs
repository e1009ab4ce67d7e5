using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>The counts of bulk jobs, for status pages.</summary>
public sealed class UnitCountStore(NpgsqlDataSource database)
{
    /// <summary>The counts of one job; null when it has no plan.</summary>
    public async Task<UnitCounts?> FindAsync(Guid jobId, CancellationToken cancellation = default)
    {
        return await database.FindAsync<UnitCounts>(
            $"""
            SELECT count(u.index) AS unit_count,
                   count(u.committed_at) AS committed_unit_count,
                   COALESCE(sum({Unit.ItemsLeft}), 0)::bigint AS item_count,
                   COALESCE(sum({Unit.ItemsLeft})
                     FILTER (WHERE u.committed_at IS NOT NULL), 0)::bigint AS done_item_count,
                   (SELECT count(*) FROM hrnet.failed_items f WHERE f.job_id = @jobId AND f.round = p.told_round) AS failed_item_count,
                   p.completed_at IS NOT NULL AS is_plan_complete
            FROM hrnet.plans p LEFT JOIN hrnet.units u ON u.job_id = p.job_id
            WHERE p.job_id = @jobId
            GROUP BY p.job_id
            """,
            new { jobId }, cancellation);
    }
}
