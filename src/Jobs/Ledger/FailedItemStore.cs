using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>An input that could not be processed.</summary>
public sealed record FailedItem
{
    /// <summary>Name of the blob.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its ETag when it was read.</summary>
    public string? Etag { get; init; }

    /// <summary>Why it failed, for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>When.</summary>
    public DateTimeOffset FailedAt { get; init; }
}

/// <summary>The failed items of jobs, read page by page. While some are retried, they stay until the retry has its result.</summary>
public sealed class FailedItemStore(NpgsqlDataSource database)
{
    // Those that belong to the result that stands; jobs without units have no plan.
    private const string Told = "COALESCE((SELECT told_round FROM hrnet.plans WHERE job_id = @jobId), 0)";

    /// <summary>Failed items in the order of their names (ordinal), after <paramref name="afterName"/>; null: from the start.</summary>
    public Task<IReadOnlyList<FailedItem>> ListAsync(Guid jobId, string? afterName = null, int limit = 100, CancellationToken cancellation = default) =>
        ListAsync(jobId, null, afterName, limit, cancellation);

    /// <summary>Those of a round of a bulk job; null: of the one whose result stands.</summary>
    public async Task<IReadOnlyList<FailedItem>> ListAsync(Guid jobId, int? round, string? afterName, int limit, CancellationToken cancellation)
    {
        return await database.ListAsync<FailedItem>(
            $"""
            SELECT name, etag, reason, failed_at FROM hrnet.failed_items
            WHERE job_id = @jobId AND round = COALESCE(@round::integer, {Told}) AND name > COALESCE(@afterName::text, '')
            ORDER BY name LIMIT @limit
            """,
            new { jobId, round, afterName, limit }, cancellation);
    }

    /// <summary>How many items of the job have failed.</summary>
    public async Task<long> CountAsync(Guid jobId, CancellationToken cancellation = default)
    {
        return await database.SingleAsync<long>(
            $"SELECT count(*) FROM hrnet.failed_items WHERE job_id = @jobId AND round = {Told}",
            new { jobId }, cancellation);
    }
}
