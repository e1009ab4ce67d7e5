using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>
/// Events that wait to be published. The database writes them itself, in the transaction of each change of a job, as long as somebody
/// said lately that events are wanted; here they are taken out again.
/// </summary>
public sealed class OutboxStore(NpgsqlDataSource database)
{
    /// <summary>Says that somebody publishes: from the commit on, changes of jobs leave events, for as long as this says.</summary>
    /// <param name="period">How long events are written if nobody says so again.</param>
    /// <param name="progressInterval">Least time between an event of a job and one that tells of its progress.</param>
    /// <param name="cancellation">Gives up before anything is written.</param>
    public async Task DemandAsync(TimeSpan period, TimeSpan progressInterval, CancellationToken cancellation = default)
    {
        await database.ExecuteAsync(
            """
            INSERT INTO hrnet.outbox_demand AS demand (wanted_until, progress_interval) VALUES (clock_timestamp() + @period, @progressInterval)
            ON CONFLICT (singleton) DO UPDATE SET wanted_until = GREATEST(demand.wanted_until, excluded.wanted_until), progress_interval = excluded.progress_interval
            """,
            new { period, progressInterval }, cancellation);
    }

    /// <summary>
    /// Publishes the oldest events and forgets them. Any number of workers may do so at once: the events of one job are in one hand
    /// at a time, and go out in their order.
    /// </summary>
    /// <param name="limit">Most events in one go.</param>
    /// <param name="publish">Hands the events over; returns once they are safe, or throws.</param>
    /// <param name="cancellation">Leaves the events as they are.</param>
    /// <returns>How many were published; 0: there are none that nobody else has in hand.</returns>
    public async Task<int> PublishAsync(int limit, Func<IReadOnlyList<OutboxEvent>, Task> publish, CancellationToken cancellation = default)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);

        // Whoever holds a job's first event holds the job: the others pass it over, and find no other first event of it meanwhile.
        List<OutboxEvent> events = await transaction.ListAsync<OutboxEvent>(
            """
            WITH firsts AS MATERIALIZED (
              SELECT o.job_id FROM hrnet.outbox o
              WHERE NOT EXISTS (SELECT FROM hrnet.outbox earlier WHERE earlier.job_id = o.job_id AND earlier.position < o.position)
              ORDER BY o.position LIMIT @limit
              FOR UPDATE SKIP LOCKED
            )
            SELECT o.* FROM hrnet.outbox o JOIN firsts USING (job_id) ORDER BY o.position LIMIT @limit
            """,
            new { limit }, cancellation);
        if (events.Count == 0)
            return 0;
        await publish(events);
        await transaction.ExecuteAsync(
            "DELETE FROM hrnet.outbox WHERE position = ANY(@positions)",
            new { positions = events.Select(happened => happened.Position).ToArray() }, cancellation);

        // 1. A crash before this commit publishes the events again, under the same ids; after it, they are gone from here and safe there.
        await transaction.CommitAsync(cancellation);
        return events.Count;
    }

    /// <summary>Forgets what nobody will publish any more, so that the table stays bounded: old events, and once the last demand is over, all.</summary>
    /// <param name="longest">How long an event may wait.</param>
    /// <param name="cancellation">Leaves the events as they are.</param>
    /// <returns>How many events were forgotten.</returns>
    public async Task<int> TrimAsync(TimeSpan longest, CancellationToken cancellation = default)
    {
        return await database.ExecuteAsync(
            """
            DELETE FROM hrnet.outbox
            WHERE at < clock_timestamp() - @longest OR NOT EXISTS (SELECT FROM hrnet.outbox_demand WHERE wanted_until > clock_timestamp())
            """,
            new { longest }, cancellation);
    }
}
