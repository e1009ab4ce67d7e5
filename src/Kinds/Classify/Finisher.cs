using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify.Parts;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Kinds.Classify;

/// <summary>
/// Completes the output once every unit is committed: failed items, orphans, manifest. One lane does it, and every step may be repeated:
/// whoever finishes writes the same bytes under the same names.
/// </summary>
internal sealed class Finisher(
    PlanStore plans, UnitStore units, PinnedCheckpointStore pins, FailedItemStore failedItems, FailedItemLimit limit,
    OutputClaims outputs, ManifestStore manifests, BlobStore blobs, IOptions<ClassifyOptions> options, TimeProvider time)
{
    /// <summary>Finishes the job, or waits until the lane that does has; then the result is null.</summary>
    public async Task<ClassifyResult?> RunAsync(ClassifyJob job, CancellationToken stop)
    {
        while (await plans.TakeAsync(job.Lease, stop) is null)
        {
            await Task.Delay(options.Value.LookInterval, time, stop);
            if ((await plans.LookAsync(job.Lease.JobId, stop)).State.HasEnded()) return null;
        }
        if ((await plans.LookAsync(job.Lease.JobId, stop)).State.HasEnded()) return null;

        var totals = await units.TotalsAsync(job.Id, stop);
        await limit.CheckAsync(job, totals, stop);
        await job.Attempt.ReportProgressAsync(totals.DoneCount, totals.ItemCount, "writing the manifest", stop);

        var owner = await outputs.RequireAsync(job, stop);
        var previous = await ReadManifestAsync(job, owner, stop);

        // 4. Failed items become parts. A crash here costs the writing; the next finisher finds the same items and writes the same blobs.
        var parts = await units.ListPartsAsync(job.Id, stop);
        IReadOnlyList<Part> all = [.. parts, .. await WriteErrorsAsync(job, totals, stop)];
        var kept = all.Select(part => part.Name).ToHashSet(StringComparer.Ordinal);
        var before = (previous?.Manifest.Parts ?? []).Select(part => part.Name).ToHashSet(StringComparer.Ordinal);

        // 5. Parts of this job that neither this manifest nor the one before it names are dead attempts'. A crash here leaves some to the next finisher.
        await DeletePartsAsync(job, name => PartName.JobOf(name) == job.Id && !kept.Contains(name) && !before.Contains(name), stop);

        // 6. The manifest makes the output complete. It replaces only the version read above: a finisher that was stopped and continued
        //    after its lease had been taken over cannot put an old manifest over a newer one.
        var manifest = ManifestOf(job, await pins.FindAsync(job.Id, stop), totals, all);
        await WriteManifestAsync(job, manifest, previous?.ETag, stop);
        var result = new ClassifyResult(job.Manifest.ToString(), manifest.RowCount, manifest.FailedCount, all.Count)
        {
            FolderMarkers = manifest.FolderMarkerCount,
        };

        // 7. The ledger follows: the failed items of this round are the job's now. A crash before this repeats the finishing, to the same end.
        await plans.TellAsync(job.Lease, JsonSerializer.SerializeToElement(result, JobJson.Options), stop);

        // 8. What only the manifest before it named (the errors before a retry) and what the jobs left whose results these replace goes
        //    last, so that its readers were never missing a part. A crash here repeats the finishing, to the same end.
        await DeletePartsAsync(job, name => !kept.Contains(name)
            && (before.Contains(name) || (PartName.JobOf(name) is { } wrote && (wrote == job.Id || owner.Replaced.Contains(wrote)))), stop);
        return result;
    }

    private async Task<List<Part>> WriteErrorsAsync(ClassifyJob job, UnitTotals totals, CancellationToken stop)
    {
        const int RowsOfPart = 50_000;
        var written = new List<Part>();
        string? after = null;
        while (await failedItems.ListAsync(job.Id, totals.Round, after, RowsOfPart, stop) is { Count: > 0 } failed)
        {
            var rows = failed.Select(item => new ClassifiedRow(item.Name, item.Etag ?? "", [], item.Reason)).ToList();
            var content = await PartWriter.WriteAsync(job.Format, rows, job.Arguments.TopK, stop);
            var part = new Part { Name = job.NameOfErrors(written.Count, content.Sha256), RowCount = content.RowCount, Bytes = content.Bytes, Sha256 = content.Sha256 };
            await blobs.UploadAsync(job.Output.Combine(part.Name), content.Stream, cancellation: stop);
            written.Add(part);
            after = failed[^1].Name;
        }
        return written;
    }

    private async Task DeletePartsAsync(ClassifyJob job, Func<string, bool> isObsolete, CancellationToken stop)
    {
        await foreach (var blob in blobs.ListAsync(job.Parts, stop))
        {
            if (isObsolete(job.NameInOutput(blob.Path))) await blobs.DeleteAsync(blob.Path, stop);
        }
    }

    private static Manifest ManifestOf(ClassifyJob job, PinnedCheckpoint? checkpoint, UnitTotals totals, IReadOnlyList<Part> parts)
    {
        // The promise of one row for each blob, checked where it is given.
        var rowCount = parts.Sum(part => (long)part.RowCount);
        if (rowCount != totals.ItemCount || totals.DoneCount != totals.ItemCount)
            throw new JobException($"Job {job.Lease.JobId} has {Counted.Of(rowCount, "row")} for {Counted.Of(totals.ItemCount, "blob")}, of which {totals.DoneCount} are done. This is a defect of HrNetBatch: please report it.");
        return new()
        {
            Job = job.Lease.JobId,
            Input = job.Input.ToString(),
            Checkpoint = checkpoint?.Checkpoint ?? job.Arguments.Checkpoint,
            CheckpointSha256 = checkpoint?.Sha256,
            Format = job.Arguments.Format,
            TopK = job.Arguments.TopK,
            BlobCount = totals.ItemCount,
            RowCount = totals.ItemCount - totals.FailedCount,
            FailedCount = totals.FailedCount,
            FolderMarkerCount = totals.FolderMarkerCount,
            Parts = parts,
        };
    }

    private async Task<(Manifest Manifest, string ETag)?> ReadManifestAsync(ClassifyJob job, OutputOwner owner, CancellationToken stop)
    {
        if (await manifests.ReadAsync(job.Manifest, stop) is not { } found) return null;
        return found.Manifest.Job == job.Id || owner.Replaced.Contains(found.Manifest.Job) ? found
            : throw new JobException(
                $"'{job.Manifest}' is job {found.Manifest.Job}'s, written while this job worked. Choose another output and submit the job again.");
    }

    private async Task WriteManifestAsync(ClassifyJob job, Manifest manifest, string? previous, CancellationToken stop)
    {
        try
        {
            await manifests.WriteAsync(job.Manifest, manifest, previous, stop);
        }
        catch (BlobException e) when (e.IsChanged)
        {
            // Also after a lost answer to our own write: repeating the finishing settles it either way.
            throw new JobException($"'{job.Manifest}' was written by somebody else just now.", FailureKind.Transient, e);
        }
    }
}
