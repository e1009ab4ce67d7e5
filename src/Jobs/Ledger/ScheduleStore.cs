using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>A request that is submitted again and again.</summary>
/// <param name="Name">Name, unique.</param>
/// <param name="Cron">When, as a cron expression.</param>
/// <param name="Request">What is submitted; each time under new ids.</param>
/// <param name="CreatedAt">When the schedule was made.</param>
public sealed record JobSchedule(string Name, string Cron, JobRequest Request, DateTimeOffset CreatedAt);

/// <summary>Recurring requests. The worker keeps Hangfire's recurring jobs equal to this table.</summary>
public sealed class ScheduleStore(NpgsqlDataSource database, JobKinds kinds)
{
    /// <summary>Adds a schedule, or replaces the one of that name.</summary>
    /// <exception cref="JobArgumentsException">The request would be refused.</exception>
    /// <exception cref="FormatException">The cron expression is none, or never fires.</exception>
    public async Task SetAsync(string name, string cron, JobRequest request, CancellationToken cancellation = default)
    {
        kinds.Check(request);
        cron = ScheduleTimes.Fields(cron);
        await database.ExecuteAsync(
            """
            INSERT INTO hrnet.schedules (name, cron, request) VALUES (@name, @cron, @request)
            ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, request = excluded.request, next_at = NULL
            """,
            new { name, cron, request = JsonSerializer.SerializeToElement(request, JobJson.Options) }, cancellation);
    }

    /// <summary>Notes when a schedule fires next, unless it has changed meanwhile.</summary>
    /// <param name="schedule">The schedule as it was read.</param>
    /// <param name="nextAt">When; null: never.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task SetNextAsync(JobSchedule schedule, DateTimeOffset? nextAt, CancellationToken cancellation = default)
    {
        await database.ExecuteAsync(
            """
            UPDATE hrnet.schedules SET next_at = COALESCE(@nextAt, 'infinity'::timestamptz)
            WHERE name = @Name AND cron = @Cron AND next_at IS DISTINCT FROM COALESCE(@nextAt, 'infinity'::timestamptz)
            """,
            new { schedule.Name, schedule.Cron, nextAt }, cancellation);
    }

    /// <summary>Removes a schedule; false when there was none of that name.</summary>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellation = default)
    {
        return await database.ExecuteAsync("DELETE FROM hrnet.schedules WHERE name = @name", new { name }, cancellation) > 0;
    }

    /// <summary>The schedule of that name; null when there is none.</summary>
    public async Task<JobSchedule?> FindAsync(string name, CancellationToken cancellation = default) =>
        (await ListAsync(cancellation)).SingleOrDefault(schedule => schedule.Name == name);

    /// <summary>All schedules, by name.</summary>
    public async Task<IReadOnlyList<JobSchedule>> ListAsync(CancellationToken cancellation = default)
    {
        IEnumerable<Row> rows = await database.ListAsync<Row>(
            "SELECT name, cron, request, created_at FROM hrnet.schedules ORDER BY name", null, cancellation);
        return [.. rows.Select(row => new JobSchedule(row.Name, row.Cron, row.Request.Deserialize<JobRequest>(JobJson.Options)!, row.CreatedAt))];
    }

    private sealed record Row
    {
        public string Name { get; init; } = "";

        public string Cron { get; init; } = "";

        public JsonElement Request { get; init; }

        public DateTimeOffset CreatedAt { get; init; }
    }
}
