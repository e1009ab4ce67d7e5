using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Which checkpoint each job uses.</summary>
public sealed class PinnedCheckpointStore(NpgsqlDataSource database)
{
    private const string Columns = "reference, checkpoint, path, etag, sha256";

    /// <summary>The job's main checkpoint; null while no attempt has looked for it, and for jobs that need none.</summary>
    public async Task<PinnedCheckpoint?> FindAsync(Guid jobId, CancellationToken cancellation = default) => await FindAsync(jobId, CheckpointRole.Main, cancellation);

    /// <summary>The job's checkpoint of a role; null while no attempt has looked for it, and for jobs that need none.</summary>
    public async Task<PinnedCheckpoint?> FindAsync(Guid jobId, CheckpointRole role, CancellationToken cancellation = default)
    {
        return await database.FindAsync<PinnedCheckpoint>(
            $"SELECT {Columns} FROM hrnet.checkpoints WHERE job_id = @jobId AND role = @role", new { jobId, role = $"{role}" }, cancellation);
    }

    /// <summary>Says what this attempt found, and gets what the job's first attempt found: only that counts. A hash that was not known then is added.</summary>
    /// <exception cref="LeaseLostException">The attempt lost its lease; nothing was written.</exception>
    public Task<PinnedCheckpoint> PinAsync(Lease lease, PinnedCheckpoint found, CancellationToken cancellation = default) => PinAsync(lease, CheckpointRole.Main, found, cancellation);

    /// <inheritdoc cref="PinAsync(Lease, PinnedCheckpoint, CancellationToken)"/>
    public Task<PinnedCheckpoint> PinAsync(Lease lease, CheckpointRole role, PinnedCheckpoint found, CancellationToken cancellation = default) =>
        database.WriteAsync(lease, transaction => transaction.SingleAsync<PinnedCheckpoint>(
            $"""
            INSERT INTO hrnet.checkpoints AS c (job_id, role, {Columns}) VALUES (@JobId, @role, @Reference, @Checkpoint, @Path, @Etag::text, @Sha256::text)
            ON CONFLICT (job_id, role) DO UPDATE SET sha256 = COALESCE(c.sha256, CASE WHEN (c.path, c.etag) IS NOT DISTINCT FROM (excluded.path, excluded.etag) THEN excluded.sha256 END)
            RETURNING {Columns}
            """,
            new { lease.JobId, role = $"{role}", found.Reference, found.Checkpoint, found.Path, found.Etag, found.Sha256 }, cancellation), cancellation);

    /// <summary>The unfinished jobs that have begun with a checkpoint, or wait and name exactly it, oldest first.</summary>
    /// <param name="checkpoint">As <see cref="PinnedCheckpoint.Checkpoint"/> has it, such as <c>model:flowers@3</c>.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<Guid>> ListUsersAsync(string checkpoint, CancellationToken cancellation = default)
    {
        return await database.ListAsync<Guid>(
            $"""
            SELECT j.id FROM hrnet.jobs j
            LEFT JOIN hrnet.checkpoints main ON main.job_id = j.id AND main.role = 'Main'
            LEFT JOIN hrnet.checkpoints teacher ON teacher.job_id = j.id AND teacher.role = 'Teacher'
            WHERE j.{JobRows.IsOpen}
              AND (COALESCE(main.checkpoint, j.arguments ->> 'checkpoint', j.arguments ->> 'initialCheckpoint') = @checkpoint
                OR COALESCE(teacher.checkpoint, j.arguments ->> 'teacher') = @checkpoint)
            ORDER BY j.created_at, j.id
            """,
            new { checkpoint }, cancellation);
    }
}
