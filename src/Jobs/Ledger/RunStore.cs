using HrNetBatch.Jobs.Contracts;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Runs as people compare them: listed with their best validation, and tagged.</summary>
public sealed class RunStore(NpgsqlDataSource database)
{
    // Written out, not a parameter: the index is for these kinds only.
    private static readonly string IsRun = $"kind IN ({string.Join(", ", Run.Kinds.Select(kind => $"'{kind}'"))})";

    /// <summary>Runs, newest first.</summary>
    /// <param name="tag">Only those with this tag; null: all.</param>
    /// <param name="kind">Only this kind; null: train and validate.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<Run>> ListAsync(string? tag = null, string? kind = null, int limit = 50, CancellationToken cancellation = default)
    {
        List<Job> jobs = await database.ListAsync<Job>(
            $"""
            {JobRows.Select} j
            WHERE {IsRun} AND (@kind::text IS NULL OR kind = @kind::text)
              AND (@tag::text IS NULL OR EXISTS (SELECT FROM hrnet.run_tags t WHERE t.job_id = j.id AND t.tag = @tag::text))
            ORDER BY created_at DESC, id DESC LIMIT @limit
            """,
            new { tag, kind, limit }, cancellation);
        return await CompleteAsync(jobs, cancellation);
    }

    /// <summary>These runs, in this order; those that are no runs, or not there, are left out.</summary>
    public async Task<IReadOnlyList<Run>> FindAsync(IReadOnlyList<Guid> ids, CancellationToken cancellation = default)
    {
        List<Job> jobs = await database.ListAsync<Job>(
            $"{JobRows.Select} WHERE id = ANY(@ids) AND {IsRun} ORDER BY array_position(@ids, id)",
            new { ids }, cancellation);
        return await CompleteAsync(jobs, cancellation);
    }

    /// <summary>The tags of a run, in order.</summary>
    public async Task<IReadOnlyList<string>> TagsAsync(Guid id, CancellationToken cancellation = default)
    {
        return await database.ListAsync<string>(
            """SELECT tag FROM hrnet.run_tags WHERE job_id = @id ORDER BY tag COLLATE "C" """,
            new { id }, cancellation);
    }

    /// <summary>Tags a run, which may have any number of tags; one that it has already stays.</summary>
    /// <exception cref="JobRefusedException">There is no such job, it is no run, or a tag cannot be one.</exception>
    public async Task TagAsync(Guid id, IReadOnlyList<string> tags, CancellationToken cancellation = default)
    {
        if (tags.Select(ModelName.TagFault).FirstOrDefault(fault => fault is not null) is { } wrong)
            throw new JobRefusedException($"{wrong}.");
        string? kind = await database.FindAsync<string?>("SELECT kind FROM hrnet.jobs WHERE id = @id", new { id }, cancellation);
        if (kind is null || !Run.Kinds.Contains(kind))
            throw new JobRefusedException(kind is null ? $"There is no job {id}." : $"Job {id} is a {kind} job; only train and validate jobs are runs.");
        await database.ExecuteAsync(
            "INSERT INTO hrnet.run_tags (job_id, tag) SELECT @id, unnest(@tags) ON CONFLICT DO NOTHING",
            new { id, tags = tags.Distinct().ToArray() }, cancellation);
    }

    /// <summary>Takes tags off a run.</summary>
    /// <returns>How many it had.</returns>
    public async Task<int> UntagAsync(Guid id, IReadOnlyList<string> tags, CancellationToken cancellation = default)
    {
        return await database.ExecuteAsync(
            "DELETE FROM hrnet.run_tags WHERE job_id = @id AND tag = ANY(@tags)",
            new { id, tags = tags.ToArray() }, cancellation);
    }

    // Each lookup follows the table's key, so that the length of the runs hardly matters.
    private async Task<IReadOnlyList<Run>> CompleteAsync(List<Job> jobs, CancellationToken cancellation)
    {
        Dictionary<Guid, Facts> facts = (await database.ListAsync<Facts>(
            """
            SELECT j.id, best.step, best.value AS top1, top5.value AS top5, loss.value AS loss, ece.value AS calibration_error,
                   train.step AS last_step, train.value AS train_loss,
                   ARRAY(SELECT tag FROM hrnet.run_tags t WHERE t.job_id = j.id ORDER BY tag COLLATE "C") AS tags
            FROM unnest(@ids) AS j (id)
            LEFT JOIN LATERAL (SELECT step, value FROM hrnet.metrics m WHERE m.job_id = j.id AND m.name = 'valid_top1' AND value <> 'NaN' ORDER BY value DESC, step LIMIT 1) best ON true
            LEFT JOIN LATERAL (SELECT step, value FROM hrnet.metrics m WHERE m.job_id = j.id AND m.name = 'train_loss' ORDER BY step DESC LIMIT 1) train ON true
            LEFT JOIN hrnet.metrics top5 ON top5.job_id = j.id AND top5.name = 'valid_top5' AND top5.step = best.step
            LEFT JOIN hrnet.metrics loss ON loss.job_id = j.id AND loss.name = 'valid_loss' AND loss.step = best.step
            LEFT JOIN hrnet.metrics ece ON ece.job_id = j.id AND ece.name = 'valid_ece' AND ece.step = best.step
            """,
            new { ids = jobs.Select(job => job.Id).ToArray() }, cancellation)).ToDictionary(row => row.Id);
        return [.. jobs.Select(job => facts[job.Id] is var known && known is { Step: { } step, Top1: { } top1 }
            ? new Run(job, known.Tags, new BestValidation(step, top1, known.Top5, known.Loss, known.CalibrationError), known.LastStep, known.TrainLoss)
            : new Run(job, facts[job.Id].Tags, null, facts[job.Id].LastStep, facts[job.Id].TrainLoss))];
    }

    private sealed record Facts
    {
        public Guid Id { get; init; }
        public long? Step { get; init; }
        public double? Top1 { get; init; }
        public double? Top5 { get; init; }
        public double? Loss { get; init; }
        public double? CalibrationError { get; init; }
        public long? LastStep { get; init; }
        public double? TrainLoss { get; init; }
        public string[] Tags { get; init; } = [];
    }
}
