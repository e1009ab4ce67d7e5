using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Training;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// The points that a run can go on from: each a blob under <c>checkpoints/</c> that never changes, and <c>checkpoints.json</c>, which says
/// which of them count. A save uploads, reads back, and then replaces the list in one fenced write, so that a kill at any moment leaves
/// the list as it was before or as it is after; and a checkpoint that is damaged later costs the way from the one before it, not the run.
/// </summary>
internal sealed partial class RunCheckpoints
{
    private const string FolderName = "checkpoints/", ListName = "checkpoints.json";
    private static readonly JsonSerializerOptions Json = new(JobJson.Options) { WriteIndented = true };

    private readonly BlobStore _blobs;
    private readonly BlobPath _folder;
    private readonly FencedBlob _list;
    private readonly AttemptContext _attempt;
    private readonly int _keptCount;
    private IReadOnlyList<SavedCheckpoint> _saved;
    private IReadOnlyList<SavedCheckpoint> _damaged = [];

    private RunCheckpoints(BlobStore blobs, BlobPath folder, FencedBlob list, AttemptContext attempt, int keptCount, IReadOnlyList<SavedCheckpoint> saved) =>
        (_blobs, _folder, _list, _attempt, _keptCount, _saved) = (blobs, folder, list, attempt, keptCount, saved);

    /// <summary>Whether an attempt of this job has saved.</summary>
    public bool Any => _saved.Count > 0;

    /// <summary>Takes the checkpoints over from the job's earlier attempts, and removes those that no list names.</summary>
    /// <param name="accounts">Where the list is.</param>
    /// <param name="blobs">Where the checkpoints are.</param>
    /// <param name="output">The run's folder.</param>
    /// <param name="attempt">The attempt that takes over.</param>
    /// <param name="keptCount">How many to keep, at least two for one to fall back to.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="JobException">Another job's run stands there, or the list cannot be read; permanent.</exception>
    public static async Task<RunCheckpoints> ClaimAsync(
        BlobAccounts accounts, BlobStore blobs, BlobPath output, AttemptContext attempt, int keptCount, CancellationToken cancellation)
    {
        BlobPath folder = output.Combine(FolderName);
        // 1. First what is there, then the claim: what an earlier attempt uploads from the claim on it can never list, and what a later
        //    attempt uploads is not in this listing. So whatever is here and in no list is nobody's.
        List<BlobPath> there = await blobs.ListAsync(folder, cancellation).Select(blob => blob.Path).ToListAsync(cancellation);
        FencedBlob list = await FencedBlob.ClaimAsync(accounts, output.Combine(ListName), attempt.Lease, cancellation);
        IReadOnlyList<SavedCheckpoint> saved = list.Exists ? await ReadListAsync(blobs, list.Path, cancellation) : [];
        var checkpoints = new RunCheckpoints(blobs, folder, list, attempt, keptCount, saved);
        HashSet<string> listed = [.. saved.Select(checkpoint => checkpoints.PathOf(checkpoint).Name)];
        foreach (BlobPath orphan in there.Where(path => OwnName().IsMatch(path.FileName) && !listed.Contains(path.Name)))
            await blobs.DeleteAsync(orphan, cancellation);
        return checkpoints;
    }

    /// <summary>Saves where the run stands; nothing is done where that is saved already.</summary>
    public async Task SaveAsync(TrainingPosition position, CheckpointValue content)
    {
        if (_saved is [var newest, ..] && newest.IsAt(position))
            return;

        // Not cancelled by a stop: at a stop this is what is still to be done.
        await using FileStream file = TemporaryFile.Create(".pth");
        CheckpointWriter.Write(file, content);
        file.Position = 0;
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, CancellationToken.None));
        var saved = new SavedCheckpoint(
            $"epoch-{position.Epoch:D4}-step-{position.Step:D8}-{_attempt.Lease.Token.ToString("n")[..8]}.pth.tar",
            position.Epoch, position.Step, position.Cursor, file.Length, hash);
        file.Position = 0;
        await _blobs.UploadAsync(PathOf(saved), file, new Replaces(null), CancellationToken.None);
        await VerifyAsync(saved);

        // 2. A crash up to here leaves a blob that no list names; the next attempt removes it and goes on from the one before.
        List<SavedCheckpoint> all = [saved, .. _saved];
        await WriteListAsync([.. all.Take(_keptCount)]);

        // 3. A crash from here on leaves blobs that no list names any more. They may go whoever holds the lease by now: a successor has
        //    read the list without them.
        await DeleteAsync([.. all.Skip(_keptCount), .. _damaged]);
        _damaged = [];
    }

    /// <summary>Keeps the newest alone, of a run that is finished.</summary>
    public async Task KeepNewestAsync()
    {
        if (_saved.Count < 2)
            return;
        IReadOnlyList<SavedCheckpoint> all = _saved;
        await WriteListAsync([.. all.Take(1)]);
        await DeleteAsync(all.Skip(1));
    }

    /// <summary>The newest checkpoint that is whole; null where the job has saved nothing. The caller disposes it.</summary>
    /// <exception cref="JobException">Every one of them is damaged; permanent.</exception>
    public async Task<Checkpoint?> ReadNewestAsync(CancellationToken cancellation)
    {
        List<string> damages = [];
        foreach (SavedCheckpoint saved in _saved)
        {
            BlobPath path = PathOf(saved);
            string damage = "it is gone";
            try
            {
                await using FileStream file = await _blobs.DownloadToTemporaryFileAsync(path, cancellation: cancellation);
                if (await FindDamageAsync(saved, file, cancellation) is not { } found)
                {
                    (_damaged, _saved) = ([.. _saved.Take(damages.Count)], [.. _saved.Skip(damages.Count)]);
                    file.Position = 0;
                    return CheckpointReader.Read(file, $"{path}");
                }
                damage = found;
            }
            catch (BlobException error) when (error.IsMissing)
            {
            }
            LogDamaged(_attempt.Logger, _attempt.Lease.JobId, path, damage);
            damages.Add($"{path}: {damage}");
        }
        return damages.Count == 0 ? null : throw new JobException(
            $"Every checkpoint of the run is damaged: {string.Join("; ", damages)}. Restore one of these blobs, or submit the job anew with another output.");
    }

    private async Task VerifyAsync(SavedCheckpoint saved)
    {
        await using Stream stored = await _blobs.OpenReadAsync(PathOf(saved));
        if (await FindDamageAsync(saved, stored, CancellationToken.None) is { } damage)
            throw new BlobException($"{PathOf(saved)} was not stored as it was sent: {damage}.", isTransient: true);
    }

    private static async Task<string?> FindDamageAsync(SavedCheckpoint saved, Stream stored, CancellationToken cancellation)
    {
        if (stored.Length != saved.LengthBytes)
            return $"it has {Counted.Of(stored.Length, "byte")} instead of {saved.LengthBytes}";
        string hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stored, cancellation));
        return hash == saved.Sha256 ? null : $"its SHA-256 is {hash} instead of {saved.Sha256}";
    }

    private async Task DeleteAsync(IEnumerable<SavedCheckpoint> checkpoints)
    {
        foreach (SavedCheckpoint checkpoint in checkpoints)
            await _blobs.DeleteAsync(PathOf(checkpoint), CancellationToken.None);
    }

    private async Task WriteListAsync(IReadOnlyList<SavedCheckpoint> saved)
    {
        using var content = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(new CheckpointList(CheckpointList.CurrentVersion, saved), Json));
        await _list.WriteAsync(content, _attempt.CheckLeaseAsync, CancellationToken.None);
        _saved = saved;
    }

    private static async Task<IReadOnlyList<SavedCheckpoint>> ReadListAsync(BlobStore blobs, BlobPath path, CancellationToken cancellation)
    {
        BlobContent content = await blobs.ReadAsync(path, cancellation: cancellation);
        try
        {
            CheckpointList list = JsonSerializer.Deserialize<CheckpointList>(content.Bytes, Json) ?? throw new JsonException("it is empty");
            return list.Version == CheckpointList.CurrentVersion ? list.Checkpoints : throw new JsonException($"it is of version {list.Version}");
        }
        catch (JsonException error)
        {
            throw new JobException($"'{path}', the run's list of checkpoints, cannot be read: {JsonFault.Of(error)}. Restore it, or submit the job again with another output.", FailureKind.Permanent, error);
        }
    }

    private BlobPath PathOf(SavedCheckpoint saved) => _folder.Combine(saved.Name);

    [GeneratedRegex(@"^epoch-\d{4,}-step-\d{8,}-[0-9a-f]{8}\.pth\.tar$")]
    private static partial Regex OwnName();

    [LoggerMessage(3004, LogLevel.Warning, "Job {Job}: the checkpoint {Checkpoint} is damaged ({Damage}); the run goes on from the one before it")]
    private static partial void LogDamaged(ILogger logger, Guid job, BlobPath checkpoint, string damage);
}
