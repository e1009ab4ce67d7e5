using Dapper;
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

/// <summary>The failed items of bulk jobs, read page by page.</summary>
public sealed class FailedItemStore(NpgsqlDataSource database)
{
    /// <summary>Failed items in the order of their names (ordinal), after <paramref name="afterName"/>; null: from the start.</summary>
    public async Task<IReadOnlyList<FailedItem>> ListAsync(Guid jobId, string? afterName = null, int limit = 100, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        return (await connection.QueryAsync<FailedItem>(new CommandDefinition(
            """
            SELECT name, etag, reason, failed_at FROM hrnet.failed_items
            WHERE job_id = @jobId AND name > COALESCE(@afterName::text, '')
            ORDER BY name LIMIT @limit
            """,
            new { jobId, afterName, limit },
            cancellationToken: cancellation))).AsList();
    }

    /// <summary>How many items of the job have failed.</summary>
    public async Task<long> CountAsync(Guid jobId, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM hrnet.failed_items WHERE job_id = @jobId",
            new { jobId },
            cancellationToken: cancellation));
    }
}
