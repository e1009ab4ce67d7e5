using System.Text.Json;
using Dapper;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>One value of a run.</summary>
/// <param name="Name">Name of the curve, such as <c>train/loss</c>.</param>
/// <param name="Step">Optimizer step, or epoch, as the curve's name says.</param>
/// <param name="Value">The value.</param>
public sealed record MetricPoint(string Name, long Step, double Value);

/// <summary>One value of a run, and when it was recorded.</summary>
public sealed record RecordedPoint(string Name, long Step, double Value, DateTimeOffset At);

/// <summary>The curves of runs, and what their last validation found in detail.</summary>
public sealed class MetricStore(NpgsqlDataSource database)
{
    /// <summary>Writes points; the same name and step again overwrite, so a resumed attempt repeats steps without harm.</summary>
    /// <exception cref="LeaseLostException">The attempt lost its lease.</exception>
    public async Task RecordAsync(Lease lease, IReadOnlyCollection<MetricPoint> points, CancellationToken cancellation = default)
    {
        // One statement may not touch a row twice: of equal names and steps the last wins.
        MetricPoint[] last = [.. points.GroupBy(point => (point.Name, point.Step)).Select(group => group.Last())];
        await database.WriteAsync(
            lease,
            transaction => transaction.ExecuteAsync(
                """
                INSERT INTO hrnet.metrics (job_id, name, step, value)
                SELECT @JobId, * FROM unnest(@names, @steps, @values)
                ON CONFLICT (job_id, name, step) DO UPDATE SET value = excluded.value, at = excluded.at
                """,
                new
                {
                    lease.JobId,
                    names = last.Select(point => point.Name).ToArray(),
                    steps = last.Select(point => point.Step).ToArray(),
                    values = last.Select(point => point.Value).ToArray(),
                },
                cancellation),
            cancellation);
    }

    /// <summary>The points of one curve, or of all, after <paramref name="sinceStep"/>, by name and step.</summary>
    public async Task<IReadOnlyList<MetricPoint>> ReadAsync(Guid jobId, string? name = null, long sinceStep = long.MinValue, CancellationToken cancellation = default)
    {
        return await database.ListAsync<MetricPoint>(
            """
            SELECT name, step, value FROM hrnet.metrics
            WHERE job_id = @jobId AND (@name::text IS NULL OR name = @name::text) AND step > @sinceStep
            ORDER BY name, step
            """,
            new { jobId, name, sinceStep }, cancellation);
    }

    /// <summary>The points of all curves with their times, by step and name: the run as it went.</summary>
    public async Task<IReadOnlyList<RecordedPoint>> ReadRecordedAsync(Guid jobId, CancellationToken cancellation = default)
    {
        return await database.ListAsync<RecordedPoint>(
            """SELECT name, step, value, at FROM hrnet.metrics WHERE job_id = @jobId ORDER BY step, name COLLATE "C" """,
            new { jobId }, cancellation);
    }

    /// <summary>The last point of each curve, by name.</summary>
    public async Task<IReadOnlyList<MetricPoint>> ReadLatestAsync(Guid jobId, CancellationToken cancellation = default)
    {
        return await database.ListAsync<MetricPoint>(
            "SELECT DISTINCT ON (name) name, step, value FROM hrnet.metrics WHERE job_id = @jobId ORDER BY name, step DESC",
            new { jobId }, cancellation);
    }

    /// <summary>
    /// The points of all curves written after <paramref name="since"/> (null: all), by name and step, and the time to ask from next. A few
    /// seconds overlap, so that a point whose commit was slow is not missed: the reader overwrites what it has by name and step.
    /// </summary>
    /// <param name="jobId">The run.</param>
    /// <param name="since">What an earlier call gave; null: from the beginning.</param>
    /// <param name="pointLimit">How many points of a curve a screen shows. Of a longer one the lowest and the highest of equal stretches are taken, so that no spike is lost.</param>
    /// <param name="cancellation">Stops the query.</param>
    public async Task<(IReadOnlyList<MetricPoint> Points, DateTimeOffset Next)> ReadNewAsync(
        Guid jobId, DateTimeOffset? since, int pointLimit = 2000, CancellationToken cancellation = default)
    {
        DateTimeOffset next = await database.SingleAsync<DateTime>(
            "SELECT clock_timestamp() - interval '3 seconds'", null, cancellation);
        IEnumerable<MetricPoint> points = await database.ListAsync<MetricPoint>(
            """
            WITH new AS (
              SELECT name, step, value FROM hrnet.metrics WHERE job_id = @jobId AND at > coalesce(@since::timestamptz, '-infinity')
            ), curves AS (
              SELECT name, count(*) AS points, min(step) AS first, (max(step) - min(step)) / (@pointLimit / 2) + 1 AS stretch FROM new GROUP BY name
            ), placed AS (
              SELECT new.*, CASE WHEN points > @pointLimit THEN (step - first) / stretch ELSE step END AS place FROM new JOIN curves USING (name)
            ), ranked AS (
              SELECT name, step, value, row_number() OVER (here ORDER BY value, step) AS from_below, row_number() OVER (here ORDER BY value DESC, step) AS from_above
              FROM placed WINDOW here AS (PARTITION BY name, place)
            )
            SELECT name, step, value FROM ranked WHERE from_below = 1 OR from_above = 1 ORDER BY name, step
            """,
            new { jobId, since, pointLimit }, cancellation);
        return (points.AsList(), next);
    }

    /// <summary>Writes the report of a validation over the job's one before.</summary>
    /// <exception cref="LeaseLostException">The attempt lost its lease.</exception>
    public Task RecordReportAsync(Lease lease, JsonElement report, CancellationToken cancellation = default) =>
        database.WriteAsync(
            lease,
            transaction => transaction.ExecuteAsync(
                """
                INSERT INTO hrnet.reports (job_id, report) VALUES (@JobId, @report)
                ON CONFLICT (job_id) DO UPDATE SET report = excluded.report, recorded_at = excluded.recorded_at
                """,
                new { lease.JobId, report }, cancellation),
            cancellation);

    /// <summary>The report of the job's last validation; null where there is none.</summary>
    public async Task<JsonElement?> FindReportAsync(Guid jobId, CancellationToken cancellation = default)
    {
        return await database.FindAsync<JsonElement?>(
            "SELECT report FROM hrnet.reports WHERE job_id = @jobId",
            new { jobId }, cancellation);
    }

    /// <summary>Whether the job has recorded anything.</summary>
    public async Task<bool> HasAnyAsync(Guid jobId, CancellationToken cancellation = default)
    {
        return await database.SingleAsync<bool>(
            "SELECT EXISTS (SELECT FROM hrnet.metrics WHERE job_id = @jobId)",
            new { jobId }, cancellation);
    }
}
