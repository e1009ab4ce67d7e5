using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>What a bulk job is queued again for.</summary>
/// <param name="Arguments">New arguments; null keeps the job's.</param>
/// <param name="UnitSize">Its failed items are tried again, in units of this many; null leaves them failed.</param>
public sealed record Reopened(JsonElement? Arguments, int? UnitSize);

/// <summary>The rounds of bulk jobs: a job that has ended goes back in the queue for its failed items, which become units of a new round or of this one.</summary>
public sealed class RoundStore(NpgsqlDataSource database)
{
    /// <summary>Queues a job that has ended again.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="decide">Says for what, or throws, which changes nothing; the job's row is locked meanwhile.</param>
    /// <param name="cancellation">Gives up; nothing is changed then.</param>
    /// <returns>How many items are tried again.</returns>
    /// <exception cref="JobRefusedException">There is no such job, it has not ended, or it has no failed items to try again.</exception>
    public async Task<long> ReopenAsync(Guid jobId, Func<Job, Reopened> decide, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        Job job = await Reopening.ReopenAsync(transaction, jobId, cancellation);
        Reopened reopened = decide(job);
        if (reopened.Arguments is { } arguments)
            await SetArgumentsAsync(transaction, jobId, arguments, cancellation);
        long count = reopened.UnitSize is { } unitSize ? await RetryItemsAsync(transaction, job, unitSize, cancellation) : 0;

        // 9. Reopening, units and limit are one commit: a crash before it changes nothing. The old manifest stays true until the new one,
        //    and so do the result and the failed items in the ledger.
        await transaction.CommitAsync(cancellation);
        return count;
    }

    private static async Task<long> RetryItemsAsync(NpgsqlTransaction transaction, Job job, int unitSize, CancellationToken cancellation)
    {
        bool isNewRound = job.Result is not null && await BeginRoundAsync(transaction, job.Id, cancellation);
        long count = isNewRound ? 0 : await CountOpenAsync(transaction, job.Id, cancellation);
        string? after = null;
        while (await TakeFailedAsync(transaction, job.Id, isNewRound, after, unitSize, cancellation) is { Length: > 0 } items)
        {
            await AddUnitAsync(transaction, job.Id, items, cancellation);
            count += items.Length;
            after = items[^1].Name;
        }
        if (count == 0) throw new JobRefusedException($"Job {job.Id} has no failed items; there is nothing to retry.");
        await LetGoAsync(transaction, job.Id, cancellation);
        return count;
    }

    private static Task<int> SetArgumentsAsync(NpgsqlTransaction transaction, Guid jobId, JsonElement arguments, CancellationToken cancellation) =>
        transaction.ExecuteAsync(
            "UPDATE hrnet.jobs SET arguments = @arguments, submitted_arguments = COALESCE(submitted_arguments, arguments) WHERE id = @jobId",
            new { jobId, arguments }, cancellation);

    // Within a round the committed units keep the rows that they wrote, and no longer count the items that have moved to new units.
    private static Task<int> LetGoAsync(NpgsqlTransaction transaction, Guid jobId, CancellationToken cancellation) =>
        transaction.ExecuteAsync(
            """
            UPDATE hrnet.units u SET item_count = u.item_count - u.failed_count, failed_count = 0
            FROM hrnet.plans p WHERE u.job_id = @jobId AND p.job_id = @jobId AND u.round = p.round AND u.failed_count > 0
            """,
            new { jobId }, cancellation);

    /// <summary>Begins a round, unless the last one is not finished: false then, and it goes on.</summary>
    private static async Task<bool> BeginRoundAsync(NpgsqlTransaction transaction, Guid jobId, CancellationToken cancellation) =>
        await transaction.ExecuteAsync(
            "UPDATE hrnet.plans SET round = round + 1 WHERE job_id = @jobId AND round = told_round",
            new { jobId }, cancellation) == 1;

    /// <summary>How many items wait already in units that try them again.</summary>
    private static async Task<long> CountOpenAsync(NpgsqlTransaction transaction, Guid jobId, CancellationToken cancellation) =>
        await transaction.SingleAsync<long>(
            """
            SELECT COALESCE(sum(u.item_count), 0)::bigint FROM hrnet.units u JOIN hrnet.plans p ON p.job_id = u.job_id
            WHERE u.job_id = @jobId AND u.committed_at IS NULL
              AND (u.round > p.told_round OR EXISTS (SELECT FROM hrnet.failed_items f WHERE f.job_id = u.job_id AND f.unit = u.index))
            """,
            new { jobId }, cancellation);

    /// <summary>
    /// The next failed items in the order of their names. A new round takes those of the result that stands, and leaves them there; within
    /// a round they are marked with the unit that <see cref="AddUnitAsync"/> makes of them.
    /// </summary>
    private static async Task<UnitItem[]> TakeFailedAsync(
        NpgsqlTransaction transaction, Guid jobId, bool isNewRound, string? after, int count, CancellationToken cancellation)
    {
        var names = await transaction.ListAsync<string>(
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
            new { jobId, after, count }, cancellation);
        return [.. names.Order(StringComparer.Ordinal).Select(name => new UnitItem(name, null))];
    }

    private static async Task AddUnitAsync(NpgsqlTransaction transaction, Guid jobId, UnitItem[] items, CancellationToken cancellation) =>
        await transaction.ExecuteAsync(
            """
            WITH plan AS (UPDATE hrnet.plans SET next_unit = next_unit + 1 WHERE job_id = @jobId RETURNING next_unit, round)
            INSERT INTO hrnet.units (job_id, index, round, items, item_count) SELECT @jobId, next_unit - 1, round, @packed, @count FROM plan
            """,
            new { jobId, packed = Unit.Pack(items), count = items.Length }, cancellation);
}
