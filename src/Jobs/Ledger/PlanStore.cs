using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>How far the input has been listed.</summary>
public sealed record Plan
{
    /// <summary>Where the listing goes on; null: at its start.</summary>
    public string? Continuation { get; init; }

    /// <summary>Blobs planned so far.</summary>
    public long ItemCount { get; init; }

    /// <summary>Blobs so far that only stand for folders.</summary>
    public long FolderMarkerCount { get; init; }

    /// <summary>When the listing was through; null before.</summary>
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>What is left to do in a job.</summary>
public sealed record WorkLeft
{
    /// <summary>Whether the input has been listed to its end.</summary>
    public bool IsPlanComplete { get; init; }

    /// <summary>Whether units of it wait to be committed.</summary>
    public bool HasOpenUnits { get; init; }

    /// <summary>The job's state.</summary>
    public JobState State { get; init; }
}

/// <summary>The plans of bulk jobs. A plan has one owner at a time: the live attempt that lists, and later the one that finishes.</summary>
public sealed class PlanStore(NpgsqlDataSource database)
{
    /// <summary>Becomes the plan's owner, unless another live attempt is: then null.</summary>
    public Task<Plan?> TakeAsync(Lease lease, CancellationToken cancellation) =>
        database.WriteAsync(lease, async transaction =>
        {
            await transaction.ExecuteAsync(
                "INSERT INTO hrnet.plans (job_id) VALUES (@JobId) ON CONFLICT DO NOTHING", lease, cancellation);
            return await transaction.FindAsync<Plan>(
                $"""
                UPDATE hrnet.plans p SET owner = @Token
                WHERE job_id = @JobId AND (owner = @Token OR NOT EXISTS (
                  SELECT FROM hrnet.attempts a WHERE a.token = p.owner AND {AttemptRows.HoldsLease}))
                RETURNING continuation, item_count, folder_marker_count, completed_at
                """,
                lease, cancellation);
        }, cancellation);

    /// <summary>Adds a page's units, what it left out, and where the listing goes on (null: it is through), all or nothing.</summary>
    public Task<Plan> AppendAsync(Lease lease, IReadOnlyList<UnitItem[]> units, int folderMarkerCount, string? continuation, CancellationToken cancellation) =>
        database.WriteAsync(lease, async transaction =>
        {
            var plan = await transaction.FindAsync<Plan>(
                """
                WITH plan AS (
                  UPDATE hrnet.plans SET
                    continuation = @continuation::text,
                    next_unit = next_unit + @unitCount,
                    item_count = item_count + @itemCount,
                    folder_marker_count = folder_marker_count + @folderMarkerCount,
                    completed_at = CASE WHEN @continuation::text IS NULL THEN clock_timestamp() END,
                    owner = CASE WHEN @continuation::text IS NULL THEN NULL ELSE owner END
                  WHERE job_id = @JobId AND owner = @Token AND completed_at IS NULL
                  RETURNING *),
                units AS (
                  INSERT INTO hrnet.units (job_id, index, items, item_count)
                  SELECT @JobId, plan.next_unit - @unitCount + (unit.number - 1), unit.items, unit.item_count
                  FROM plan, unnest(@items::bytea[], @itemCounts::integer[]) WITH ORDINALITY AS unit (items, item_count, number))
                SELECT continuation, item_count, folder_marker_count, completed_at FROM plan
                """,
                new
                {
                    lease.JobId,
                    lease.Token,
                    continuation,
                    folderMarkerCount,
                    unitCount = units.Count,
                    itemCount = units.Sum(unit => (long)unit.Length),
                    items = units.Select(Unit.Pack).ToArray(),
                    itemCounts = units.Select(unit => unit.Length).ToArray(),
                }, cancellation);
            return plan ?? throw new LeaseLostException(lease.Token);
        }, cancellation);

    /// <summary>What is left to do.</summary>
    public async Task<WorkLeft> LookAsync(Guid jobId, CancellationToken cancellation)
    {
        return await database.SingleAsync<WorkLeft>(
            """
            SELECT EXISTS (SELECT FROM hrnet.plans WHERE job_id = @jobId AND completed_at IS NOT NULL) AS is_plan_complete,
                   EXISTS (SELECT FROM hrnet.units WHERE job_id = @jobId AND committed_at IS NULL) AS has_open_units,
                   (SELECT state FROM hrnet.jobs WHERE id = @jobId) AS state
            """,
            new { jobId }, cancellation);
    }

    /// <summary>
    /// Makes the newest round the one whose result stands, where it is a retry of failed items: from here on its failed items are the
    /// job's, and a cancel or a failure of this very attempt leaves this result.
    /// </summary>
    public async Task TellAsync(Lease lease, JsonElement result, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await Fence.EnterWithJobAsync(transaction, lease, cancellation);
        await transaction.ExecuteAsync(
            """
            UPDATE hrnet.jobs SET result = @result WHERE id = @JobId AND EXISTS (SELECT FROM hrnet.plans WHERE job_id = @JobId AND told_round < round);
            DELETE FROM hrnet.failed_items f USING hrnet.plans p WHERE f.job_id = @JobId AND p.job_id = @JobId AND f.round < p.round;
            UPDATE hrnet.plans SET told_round = round WHERE job_id = @JobId AND told_round < round
            """,
            new { lease.JobId, result }, cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
