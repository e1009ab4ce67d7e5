using Dapper;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Jobs.Classify;

/// <summary>Puts a classify job that has ended back in the queue: for its failed items, or with another limit on them.</summary>
public sealed class FailedItemRetry(NpgsqlDataSource database, JobKinds kinds)
{
    /// <summary>
    /// Makes new units of the failed items and queues the job for them; when they are done, its manifest is written anew. The items
    /// are read as they are then, in whatever version: their images may have been repaired.
    /// </summary>
    /// <param name="jobId">A classify job that succeeded, failed or was cancelled.</param>
    /// <param name="failedItemLimit">A new limit on the fraction of failed items; null keeps the job's.</param>
    /// <param name="cancellation">Gives up; nothing is changed then.</param>
    /// <returns>How many items are tried again.</returns>
    /// <exception cref="JobRefusedException">There is no such job, it is no classify job or has not ended, or it has no failed items.</exception>
    public Task<long> RetryItemsAsync(Guid jobId, double? failedItemLimit = null, CancellationToken cancellation = default) =>
        ReopenAsync(jobId, failedItemLimit, async (connection, transaction, arguments) =>
        {
            long count = 0;
            while (await TakeFailedAsync(connection, transaction, jobId, arguments.UnitSize, cancellation) is { Length: > 0 } items)
            {
                await AddUnitAsync(connection, transaction, jobId, items, cancellation);
                count += items.Length;
            }
            if (count == 0) throw new JobRefusedException($"Job {jobId} has no failed items; there is nothing to retry.");

            // The committed units keep the rows that they wrote, and no longer count the items that have moved to new units.
            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE hrnet.units SET item_count = item_count - failed_count, failed_count = 0 WHERE job_id = @jobId AND failed_count > 0",
                new { jobId }, transaction, cancellationToken: cancellation));
            return count;
        }, cancellation);

    /// <summary>Queues a job that stopped at its limit on failed items again, with another limit; failed items stay failed.</summary>
    /// <exception cref="JobRefusedException">There is no such job, it is no classify job, or it has not ended.</exception>
    public Task AcceptAsync(Guid jobId, double failedItemLimit, CancellationToken cancellation = default) =>
        ReopenAsync(jobId, failedItemLimit, (_, _, _) => Task.FromResult(0L), cancellation);

    private async Task<long> ReopenAsync(
        Guid jobId, double? failedItemLimit, Func<NpgsqlConnection, NpgsqlTransaction, ClassifyArguments, Task<long>> change, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var job = await Reopening.ReopenAsync(connection, transaction, jobId, cancellation);
        if (job.Kind != ClassifyArguments.Kind) throw new JobRefusedException($"Job {jobId} is a {job.Kind} job; only classify jobs have failed items.");
        var arguments = (ClassifyArguments)kinds.Parse(job.Kind, job.Arguments);
        if (failedItemLimit is { } limit) await SetLimitAsync(connection, transaction, jobId, arguments with { FailedItemLimit = limit }, cancellation);
        var count = await change(connection, transaction, arguments);

        // 8. Reopening, units and limit are one commit: a crash before it changes nothing. The old manifest stays true until the new one.
        await transaction.CommitAsync(cancellation);
        return count;
    }

    private async Task SetLimitAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, ClassifyArguments arguments, CancellationToken cancellation)
    {
        var written = JobKinds.Write(arguments);
        kinds.Parse(ClassifyArguments.Kind, written); // refuses a limit out of range
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE hrnet.jobs SET arguments = @written WHERE id = @jobId", new { jobId, written }, transaction, cancellationToken: cancellation));
    }

    private static async Task<UnitItem[]> TakeFailedAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, int count, CancellationToken cancellation)
    {
        var names = await connection.QueryAsync<string>(new CommandDefinition(
            """
            DELETE FROM hrnet.failed_items WHERE job_id = @jobId AND name IN (
              SELECT name FROM hrnet.failed_items WHERE job_id = @jobId ORDER BY name LIMIT @count)
            RETURNING name
            """,
            new { jobId, count }, transaction, cancellationToken: cancellation));
        return [.. names.Order(StringComparer.Ordinal).Select(name => new UnitItem(name, null))];
    }

    private static async Task AddUnitAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, UnitItem[] items, CancellationToken cancellation) =>
        await connection.ExecuteAsync(new CommandDefinition(
            """
            WITH plan AS (UPDATE hrnet.plans SET next_unit = next_unit + 1 WHERE job_id = @jobId RETURNING next_unit)
            INSERT INTO hrnet.units (job_id, index, items, item_count) SELECT @jobId, next_unit - 1, @packed, @count FROM plan
            """,
            new { jobId, packed = Unit.Pack(items), count = items.Length }, transaction, cancellationToken: cancellation));
}
