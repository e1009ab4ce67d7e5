using Npgsql;

namespace HrNetBatch.Simulator.Checking;

internal sealed record JobRow(
    Guid Id, string Kind, string State, int LaneCount, long RunAt, bool HasEndTime, bool IsCancelRequested, int AttemptCount, int FailureCount, int LostCount,
    long DoneCount, long FurthestCount, long? TotalCount, string? Activity, string? Result, string? Error, Guid? Follows, string? Schedule)
{
    public bool HasEnded => State is "Succeeded" or "Failed" or "Cancelled";
}

internal sealed record AttemptRow(Guid Token, Guid Job, int Number, int Lane, string Worker, long ExpiresAt, bool HasEnded, string? Outcome);

internal sealed record UnitRow(Guid Job, int Index, int Round, string Items, int ItemCount, Guid? Token, string? Part, int? RowCount, int? FailedCount, bool IsCommitted);

internal sealed record PlanRow(Guid Job, int NextUnit, long ItemCount, bool IsComplete, int Round, int ToldRound);

internal sealed record FailedRow(Guid Job, int Round, string Name, int? Unit);

internal sealed record EventRow(long Position, Guid Id, Guid Job, string Event, string State, int AttemptCount);

internal sealed record WakeRow(Guid Job, int Lane);

/// <summary>Rows that an attempt writes and of which the rules want to know only whether they changed.</summary>
internal sealed record OtherRow(Guid Job, string What);

/// <summary>All that the database holds at a moment, read by statements that share nothing with the product's.</summary>
internal sealed class Snapshot
{
    private const string Sql =
        """
        SELECT id, kind, state, lane_count, (extract(epoch FROM run_at - timestamptz '2030-01-01 00:00:00+00') * 1000000)::bigint, ended_at IS NOT NULL,
          cancel_requested_at IS NOT NULL, attempt_count, failure_count, lost_count, done_count, furthest_count, total_count, activity, result::text, error, follows, schedule
          FROM hrnet.jobs ORDER BY created_at, id;
        SELECT token, job_id, number, lane, worker, (extract(epoch FROM lease_expires_at - timestamptz '2030-01-01 00:00:00+00') * 1000000)::bigint, ended_at IS NOT NULL, outcome
          FROM hrnet.attempts ORDER BY job_id, number;
        SELECT job_id, index, round, encode(items, 'base64'), item_count, token, part, row_count, failed_count, committed_at IS NOT NULL FROM hrnet.units ORDER BY job_id, index;
        SELECT job_id, next_unit, item_count, completed_at IS NOT NULL, round, told_round FROM hrnet.plans ORDER BY job_id;
        SELECT job_id, round, name, unit FROM hrnet.failed_items ORDER BY job_id, round, name;
        SELECT position, id, job_id, event, state, attempt_count FROM hrnet.outbox ORDER BY position;
        SELECT job_id, lane FROM hrnet.wakes;
        SELECT job_id, 'checkpoint ' || role || ' ' || path || ' ' || COALESCE(etag, '') FROM hrnet.checkpoints
          UNION ALL SELECT job_id, 'metric ' || name || ' ' || step || ' ' || value FROM hrnet.metrics
          UNION ALL SELECT job_id, 'suspect ' || index || ' ' || COALESCE(item, -1) || ' ' || is_decoding || ' ' || item_deaths || ' ' || death_count || ' ' || blamed::text FROM hrnet.suspect_units
          ORDER BY 1, 2;
        SELECT last_value FROM sim.ticks
        """;

    public static Snapshot Empty { get; } = new();

    public IReadOnlyList<JobRow> Jobs { get; private init; } = [];

    public IReadOnlyList<AttemptRow> Attempts { get; private init; } = [];

    public IReadOnlyList<UnitRow> Units { get; private init; } = [];

    public IReadOnlyList<PlanRow> Plans { get; private init; } = [];

    public IReadOnlyList<FailedRow> Failed { get; private init; } = [];

    public IReadOnlyList<EventRow> Outbox { get; private init; } = [];

    public IReadOnlyList<WakeRow> Wakes { get; private init; } = [];

    public IReadOnlyList<OtherRow> Others { get; private init; } = [];

    /// <summary>The database's clock.</summary>
    public long Now { get; private init; }

    /// <summary>Whether nothing is left that anybody would do.</summary>
    public bool IsFinished => Jobs.All(job => job.HasEnded) && Attempts.All(attempt => attempt.HasEnded) && Outbox.Count == 0 && Wakes.Count == 0;

    public string Unfinished() => string.Join("; ",
    [
        .. Jobs.Where(job => !job.HasEnded).Select(job => $"job {job.Id} is {job.State} ({job.Activity ?? job.Error})"),
        .. Attempts.Where(attempt => !attempt.HasEnded).Select(attempt => $"attempt {attempt.Number} of {attempt.Job} holds lane {attempt.Lane}"),
        .. Wakes.Select(wake => $"a wake for lane {wake.Lane} of {wake.Job}"),
        $"{Outbox.Count} events in the outbox",
    ]);

    public JobRow? Job(Guid id)
    {
        foreach (JobRow job in Jobs)
        {
            if (job.Id == id) return job;
        }
        return null;
    }

    public static Snapshot Read(NpgsqlConnection own)
    {
        NpgsqlBatch batch = BatchOf(own);
        using NpgsqlDataReader reader = batch.ExecuteReader();
        return new Snapshot
        {
            Jobs = Rows(reader, r => new JobRow(
                r.GetGuid(0), r.GetString(1), r.GetString(2), r.GetInt32(3), r.GetInt64(4), r.GetBoolean(5), r.GetBoolean(6), r.GetInt32(7), r.GetInt32(8), r.GetInt32(9),
                r.GetInt64(10), r.GetInt64(11), Long(r, 12), Text(r, 13), Text(r, 14), Text(r, 15), Id(r, 16), Text(r, 17))),
            Attempts = Rows(reader, r => new AttemptRow(
                r.GetGuid(0), r.GetGuid(1), r.GetInt32(2), r.GetInt32(3), r.GetString(4), r.GetInt64(5), r.GetBoolean(6), Text(r, 7))),
            Units = Rows(reader, r => new UnitRow(
                r.GetGuid(0), r.GetInt32(1), r.GetInt32(2), r.GetString(3), r.GetInt32(4), Id(r, 5), Text(r, 6), Int(r, 7), Int(r, 8), r.GetBoolean(9))),
            Plans = Rows(reader, r => new PlanRow(r.GetGuid(0), r.GetInt32(1), r.GetInt64(2), r.GetBoolean(3), r.GetInt32(4), r.GetInt32(5))),
            Failed = Rows(reader, r => new FailedRow(r.GetGuid(0), r.GetInt32(1), r.GetString(2), Int(r, 3))),
            Outbox = Rows(reader, r => new EventRow(r.GetInt64(0), r.GetGuid(1), r.GetGuid(2), r.GetString(3), r.GetString(4), r.GetInt32(5))),
            Wakes = Rows(reader, r => new WakeRow(r.GetGuid(0), r.GetInt32(1))),
            Others = Rows(reader, r => new OtherRow(r.GetGuid(0), r.GetString(1))),
            Now = Rows(reader, r => r.GetInt64(0))[0],
        };
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<NpgsqlConnection, NpgsqlBatch> Batches = [];

    private static NpgsqlBatch BatchOf(NpgsqlConnection own) => Batches.GetValue(own, connection =>
    {
        var batch = new NpgsqlBatch(connection);
        foreach (string statement in Sql.Split(';')) batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
        batch.Prepare();
        return batch;
    });

    private static List<T> Rows<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read)
    {
        List<T> rows = [];
        while (reader.Read()) rows.Add(read(reader));
        reader.NextResult();
        return rows;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static int? Int(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt32(column);

    private static long? Long(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);

    private static Guid? Id(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetGuid(column);
}
