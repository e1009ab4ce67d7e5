using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>A wake-up call under way to one lane of a job.</summary>
public sealed record Wake
{
    /// <summary>The job.</summary>
    public Guid JobId { get; init; }

    /// <summary>The job's kind, which names the queue.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The lane that wants a claim.</summary>
    public int Lane { get; init; }

    /// <summary>Id of the Hangfire job that carries the call; null until it is enqueued.</summary>
    public string? HangfireId { get; init; }

    /// <summary>When the call was made.</summary>
    public DateTimeOffset WokenAt { get; init; }
}

/// <summary>
/// Which lanes want a worker, and which have been called. A call is only a hint: a claim deletes it, and one that leads to no claim is
/// made again, so whatever carries calls may lose, double or delay them.
/// </summary>
public sealed class WakeStore(NpgsqlDataSource database)
{
    /// <summary>Notes a call for each lane of <paramref name="kind"/> that wants a claim and has none, oldest first.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="outstandingLimit">Most calls of that kind under way at once, so that a backlog stays in the ledger.</param>
    /// <param name="cancellation">Gives up before anything is noted.</param>
    /// <returns>The calls to make now; of several workers, each call goes to one.</returns>
    public async Task<IReadOnlyList<Wake>> TakeWantedAsync(string kind, int outstandingLimit = 100, CancellationToken cancellation = default)
    {
        return await database.ListAsync<Wake>(
            WantedSql,
            new { kind, outstandingLimit }, cancellation);
    }

    /// <summary>Notes which Hangfire job carries a call.</summary>
    public async Task SetHangfireIdAsync(Wake wake, string hangfireId, CancellationToken cancellation = default)
    {
        await database.ExecuteAsync(
            "UPDATE hrnet.wakes SET hangfire_id = @hangfireId WHERE job_id = @JobId AND lane = @Lane AND woken_at = @WokenAt",
            new { wake.JobId, wake.Lane, wake.WokenAt, hangfireId }, cancellation);
    }

    /// <summary>Calls made at least <paramref name="age"/> ago that led to no claim, oldest first.</summary>
    public async Task<IReadOnlyList<Wake>> ListStaleAsync(TimeSpan age, int limit = 1000, CancellationToken cancellation = default)
    {
        return await database.ListAsync<Wake>(
            """
            SELECT w.job_id, j.kind, w.lane, w.hangfire_id, w.woken_at
            FROM hrnet.wakes w JOIN hrnet.jobs j ON j.id = w.job_id
            WHERE w.woken_at <= clock_timestamp() - make_interval(secs => @seconds)
            ORDER BY w.woken_at LIMIT @limit
            """,
            new { seconds = age.TotalSeconds, limit }, cancellation);
    }

    /// <summary>Forgets a call that came to nothing; if the lane still wants a claim, <see cref="TakeWantedAsync"/> makes a new one.</summary>
    public async Task<bool> ForgetAsync(Wake wake, CancellationToken cancellation = default)
    {
        return await database.ExecuteAsync(
            "DELETE FROM hrnet.wakes WHERE job_id = @JobId AND lane = @Lane AND woken_at = @WokenAt",
            new { wake.JobId, wake.Lane, wake.WokenAt }, cancellation) > 0;
    }

    internal const string WantedSql =
        $"""
        INSERT INTO hrnet.wakes (job_id, lane)
        SELECT j.id, lane
        FROM hrnet.jobs j CROSS JOIN LATERAL generate_series(0, j.lane_count - 1) AS lane
        WHERE j.{JobRows.IsOpen} AND j.kind = @kind AND j.run_at <= clock_timestamp() AND j.cancel_requested_at IS NULL
          AND NOT EXISTS (SELECT FROM hrnet.attempts a WHERE a.job_id = j.id AND a.lane = lane.lane AND a.ended_at IS NULL)
          AND NOT EXISTS (SELECT FROM hrnet.wakes w WHERE w.job_id = j.id AND w.lane = lane.lane)
        ORDER BY j.run_at, j.id, lane
        LIMIT GREATEST(0, @outstandingLimit - (
          SELECT count(*) FROM hrnet.wakes w JOIN hrnet.jobs o ON o.id = w.job_id WHERE o.{JobRows.IsOpen} AND o.kind = @kind))
        ON CONFLICT DO NOTHING
        RETURNING job_id, @kind::text AS kind, lane, hangfire_id, woken_at
        """;
}
