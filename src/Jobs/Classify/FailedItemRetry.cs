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
    /// are read as they are then, in whatever version: their images may have been repaired. After a success they are another round: the
    /// result, the failed items and the manifest stay what they are until the round has its own, and a cancel keeps them for good. A
    /// retry that was cancelled goes on where it stopped.
    /// </summary>
    /// <param name="jobId">A classify job that succeeded, failed or was cancelled.</param>
    /// <param name="failedItemLimit">A new limit on the fraction of failed items; null keeps the job's.</param>
    /// <param name="cancellation">Gives up; nothing is changed then.</param>
    /// <returns>How many items are tried again.</returns>
    /// <exception cref="JobRefusedException">There is no such job, it is no classify job or has not ended, or it has no failed items.</exception>
    public Task<long> RetryItemsAsync(Guid jobId, double? failedItemLimit = null, CancellationToken cancellation = default) =>
        ReopenAsync(jobId, failedItemLimit, async (connection, transaction, job, arguments) =>
        {
            bool isNewRound = job.Result is not null && await BeginRoundAsync(connection, transaction, jobId, cancellation);
            long count = isNewRound ? 0 : await CountOpenAsync(connection, transaction, jobId, cancellation);
            string? after = null;
            while (await TakeFailedAsync(connection, transaction, jobId, isNewRound, after, arguments.UnitSize, cancellation) is { Length: > 0 } items)
            {
                await AddUnitAsync(connection, transaction, jobId, items, cancellation);
                count += items.Length;
                after = items[^1].Name;
            }
            if (count == 0) throw new JobRefusedException($"Job {jobId} has no failed items; there is nothing to retry.");

            // Within a round the committed units keep the rows that they wrote, and no longer count the items that have moved to new units.
            await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE hrnet.units u SET item_count = u.item_count - u.failed_count, failed_count = 0
                FROM hrnet.plans p WHERE u.job_id = @jobId AND p.job_id = @jobId AND u.round = p.round AND u.failed_count > 0
                """,
                new { jobId }, transaction, cancellationToken: cancellation));
            return count;
        }, cancellation);

    /// <summary>Queues a job that stopped at its limit on failed items again, with another limit; failed items stay failed.</summary>
    /// <exception cref="JobRefusedException">There is no such job, it is no classify job, or it has not ended.</exception>
    public Task AcceptAsync(Guid jobId, double failedItemLimit, CancellationToken cancellation = default) =>
        ReopenAsync(jobId, failedItemLimit, (_, _, _, _) => Task.FromResult(0L), cancellation);

    private async Task<long> ReopenAsync(
        Guid jobId, double? failedItemLimit, Func<NpgsqlConnection, NpgsqlTransaction, Job, ClassifyArguments, Task<long>> change,
        CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var job = await Reopening.ReopenAsync(connection, transaction, jobId, cancellation);
        if (job.Kind != ClassifyArguments.Kind) throw new JobRefusedException($"Job {jobId} is a {job.Kind} job; only classify jobs have failed items.");
        var arguments = (ClassifyArguments)kinds.Parse(job.Kind, job.Arguments);
        if (failedItemLimit is { } limit) await SetLimitAsync(connection, transaction, jobId, arguments with { FailedItemLimit = limit }, cancellation);
        var count = await change(connection, transaction, job, arguments);

        // 9. Reopening, units and limit are one commit: a crash before it changes nothing. The old manifest stays true until the new one,
        //    and so do the result and the failed items in the ledger.
        await transaction.CommitAsync(cancellation);
        return count;
    }

    private async Task SetLimitAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, ClassifyArguments arguments, CancellationToken cancellation)
    {
        var written = JobKinds.Write(arguments);
        kinds.Parse(ClassifyArguments.Kind, written); // refuses a limit out of range
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE hrnet.jobs SET arguments = @written, submitted_arguments = COALESCE(submitted_arguments, arguments) WHERE id = @jobId",
            new { jobId, written }, transaction, cancellationToken: cancellation));
    }

    /// <summary>Begins a round, unless the last one is not finished: false then, and it goes on.</summary>
    private static async Task<bool> BeginRoundAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, CancellationToken cancellation) =>
        await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE hrnet.plans SET round = round + 1 WHERE job_id = @jobId AND round = told_round",
            new { jobId }, transaction, cancellationToken: cancellation)) == 1;

    /// <summary>How many items wait already in units that try them again.</summary>
    private static async Task<long> CountOpenAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, CancellationToken cancellation) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            """
            SELECT COALESCE(sum(u.item_count), 0)::bigint FROM hrnet.units u JOIN hrnet.plans p ON p.job_id = u.job_id
            WHERE u.job_id = @jobId AND u.committed_at IS NULL
              AND (u.round > p.told_round OR EXISTS (SELECT FROM hrnet.failed_items f WHERE f.job_id = u.job_id AND f.unit = u.index))
            """,
            new { jobId }, transaction, cancellationToken: cancellation));

    /// <summary>
    /// The next failed items in the order of their names. A new round takes those of the result that stands, and leaves them there; within
    /// a round they are marked with the unit that <see cref="AddUnitAsync"/> makes of them.
    /// </summary>
    private static async Task<UnitItem[]> TakeFailedAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, bool isNewRound, string? after, int count, CancellationToken cancellation)
    {
        var names = await connection.QueryAsync<string>(new CommandDefinition(
            isNewRound
                ? """
                  SELECT f.name FROM hrnet.failed_items f JOIN hrnet.plans p ON p.job_id = f.job_id AND p.told_round = f.round
                  WHERE f.job_id = @jobId AND f.name > COALESCE(@after::text, '') ORDER BY f.name LIMIT @count
                  """
                : """
                  UPDATE hrnet.failed_items SET unit = (SELECT next_unit FROM hrnet.plans WHERE job_id = @jobId)
                  WHERE job_id = @jobId AND round = (SELECT round FROM hrnet.plans WHERE job_id = @jobId) AND name IN (
                    SELECT name FROM hrnet.failed_items
                    WHERE job_id = @jobId AND round = (SELECT round FROM hrnet.plans WHERE job_id = @jobId)
                      AND unit IS NULL AND name > COALESCE(@after::text, '')
                    ORDER BY name LIMIT @count)
                  RETURNING name
                  """,
            new { jobId, after, count }, transaction, cancellationToken: cancellation));
        return [.. names.Order(StringComparer.Ordinal).Select(name => new UnitItem(name, null))];
    }

    private static async Task AddUnitAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid jobId, UnitItem[] items, CancellationToken cancellation) =>
        await connection.ExecuteAsync(new CommandDefinition(
            """
            WITH plan AS (UPDATE hrnet.plans SET next_unit = next_unit + 1 WHERE job_id = @jobId RETURNING next_unit, round)
            INSERT INTO hrnet.units (job_id, index, round, items, item_count) SELECT @jobId, next_unit - 1, round, @packed, @count FROM plan
            """,
            new { jobId, packed = Unit.Pack(items), count = items.Length }, transaction, cancellationToken: cancellation));
}
