using System.Text.Json;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Classify.Parts;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Classify;

/// <summary>
/// Completes the output once every unit is committed: failed items, orphans, manifest. One lane does it, and every step may be repeated:
/// whoever finishes writes the same bytes under the same names.
/// </summary>
internal sealed class Finisher(PlanStore plans, UnitStore units, PinnedCheckpointStore pins, FailedItemStore failedItems, FailedItemLimit limit, BlobStore blobs, IOptions<ClassifyOptions> options, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new(JobJson.Options) { WriteIndented = true };

    /// <summary>Finishes the job, or waits until the lane that does has; then the result is null.</summary>
    public async Task<ClassifyResult?> RunAsync(ClassifyJob job, CancellationToken stop)
    {
        while (await plans.TakeAsync(job.Lease, stop) is null)
        {
            await Task.Delay(options.Value.LookInterval, time, stop);
            if ((await plans.LookAsync(job.Lease.JobId, stop)).State.HasEnded()) return null;
        }
        if ((await plans.LookAsync(job.Lease.JobId, stop)).State.HasEnded()) return null;

        var totals = await units.TotalsAsync(job.Lease.JobId, stop);
        await limit.CheckAsync(job, totals, stop);
        await job.Attempt.ReportProgressAsync(totals.DoneCount, totals.ItemCount, "writing the manifest", stop);

        var previous = await ReadManifestAsync(job, stop);

        // 4. Failed items become parts. A crash here costs the writing; the next finisher finds the same items and writes the same blobs.
        var parts = await units.ListPartsAsync(job.Lease.JobId, stop);
        IReadOnlyList<Part> all = [.. parts, .. await WriteErrorsAsync(job, stop)];

        // 5. Parts that neither this manifest nor the one before it names are dead attempts'. A crash here leaves some to the next finisher.
        await DeletePartsExceptAsync(job, [.. all, .. previous.Parts], stop);

        // 6. The manifest makes the output complete. It replaces only the version read above: a finisher that was stopped and continued
        //    after its lease had been taken over cannot put an old manifest over a newer one.
        var manifest = ManifestOf(job, await pins.FindAsync(job.Lease.JobId, stop), totals, all);
        await WriteManifestAsync(job, manifest, previous.ETag, stop);

        // 7. What only the manifest before it named (the errors before a retry, an earlier job's parts) goes last, so that its readers
        //    were never missing a part. A crash here repeats the finishing, to the same end.
        await DeletePartsExceptAsync(job, all, stop);
        return new(job.Manifest.ToString(), manifest.RowCount, manifest.FailedCount, all.Count);
    }

    private async Task<List<Part>> WriteErrorsAsync(ClassifyJob job, CancellationToken stop)
    {
        const int RowsOfPart = 50_000;
        var written = new List<Part>();
        string? after = null;
        while (await failedItems.ListAsync(job.Lease.JobId, after, RowsOfPart, stop) is { Count: > 0 } failed)
        {
            var rows = failed.Select(item => new ClassifiedRow(item.Name, item.Etag ?? "", [], item.Reason)).ToList();
            var content = await PartWriter.WriteAsync(job.Format, rows, job.Arguments.TopK, stop);
            var part = new Part { Name = job.ErrorsName(written.Count, content.Sha256), RowCount = content.RowCount, Bytes = content.Bytes, Sha256 = content.Sha256 };
            await blobs.UploadAsync(job.Output.Combine(part.Name), content.Stream, cancellation: stop);
            written.Add(part);
            after = failed[^1].Name;
        }
        return written;
    }

    private async Task DeletePartsExceptAsync(ClassifyJob job, IEnumerable<Part> kept, CancellationToken stop)
    {
        var names = kept.Select(part => part.Name).ToHashSet(StringComparer.Ordinal);
        await foreach (var blob in blobs.ListAsync(job.Parts, stop))
        {
            if (ClassifyJob.IsPart(blob.Path) && !names.Contains(job.NameInOutput(blob.Path))) await blobs.DeleteAsync(blob.Path, stop);
        }
    }

    private static Manifest ManifestOf(ClassifyJob job, PinnedCheckpoint? checkpoint, UnitTotals totals, IReadOnlyList<Part> parts)
    {
        // The promise of one row for each blob, checked where it is given.
        var rowCount = parts.Sum(part => (long)part.RowCount);
        if (rowCount != totals.ItemCount || totals.DoneCount != totals.ItemCount)
            throw new JobException($"Job {job.Lease.JobId} has {rowCount} rows for {totals.ItemCount} blobs, of which {totals.DoneCount} are done. This is a defect of HrNetBatch: please report it.");
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
            Parts = parts,
        };
    }

    private async Task<(IReadOnlyList<Part> Parts, string? ETag)> ReadManifestAsync(ClassifyJob job, CancellationToken stop)
    {
        try
        {
            var content = await blobs.ReadAsync(job.Manifest, cancellation: stop);
            return (JsonSerializer.Deserialize<Manifest>(content.Bytes, Json)!.Parts, content.ETag);
        }
        catch (BlobException e) when (e.IsMissing)
        {
            return ([], null);
        }
        catch (JsonException e)
        {
            throw new JobException($"'{job.Manifest}' is there already, and no classify job wrote it. Choose another output, or delete that blob and retry the job.", inner: e);
        }
    }

    private async Task WriteManifestAsync(ClassifyJob job, Manifest manifest, string? previous, CancellationToken stop)
    {
        try
        {
            await blobs.UploadAsync(job.Manifest, new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest, Json)), new Replaces(previous), stop);
        }
        catch (BlobException e) when (e.IsChanged)
        {
            // Also after a lost answer to our own write: repeating the finishing settles it either way.
            throw new JobException($"'{job.Manifest}' was written by somebody else just now.", FailureKind.Transient, e);
        }
    }
}
