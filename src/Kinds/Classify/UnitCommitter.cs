using System.Globalization;
using HrNetBatch.Jobs;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Kinds.Classify.Parts;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Writes a finished unit's part, commits it, and says how far the job is.</summary>
internal sealed partial class UnitCommitter(BlobStore blobs, UnitStore units, FailedItemLimit limit, TimeProvider time)
{
    private readonly RateMeter _rate = new(time);

    public async Task CommitAsync(ClassifyJob job, PendingUnit unit, CancellationToken stop)
    {
        var part = await WritePartAsync(job, unit, stop);
        UnitTotals totals;
        try
        {
            // 3. The unit, its part and its failed items are one commit. A crash before it costs the unit's work: its claim ends with the
            //    attempt, and another one repeats it. After it, the unit is never touched again.
            totals = await units.CommitAsync(job.Lease, unit.Index, part, unit.Failed, stop);
        }
        catch (LeaseLostException) when (part is not null)
        {
            LogFenced(job.Attempt.Logger, unit.Index, part.Name);
            await blobs.DeleteAsync(job.Output.Combine(part.Name), CancellationToken.None);
            throw;
        }

        CountItems(part?.RowCount ?? 0, "classified");
        CountItems(unit.Failed.Count, "failed");
        _rate.Note(totals.DoneCount);
        string rate = _rate.PerSecond is { } perSecond ? string.Create(CultureInfo.InvariantCulture, $", {perSecond:0.#} images/s") : "";
        await job.Attempt.ReportProgressAsync(
            totals.DoneCount, totals.IsPlanComplete ? totals.ItemCount : null,
            totals.IsPlanComplete ? $"classifying{rate}" : $"classifying while listing{rate}", stop);
        await limit.CheckAsync(job, totals, stop);
    }

    private static void CountItems(long count, string result) =>
        HrNetTelemetry.ClassifyItems.Add(count, new KeyValuePair<string, object?>("hrnetbatch.item.result", result));

    private async Task<Part?> WritePartAsync(ClassifyJob job, PendingUnit unit, CancellationToken stop)
    {
        var rows = unit.Rows;
        if (rows.Count == 0) return null;

        var content = await PartWriter.WriteAsync(job.Format, rows, job.Arguments.TopK, stop);
        var part = new Part { Name = job.NameOfPart(unit.Index), RowCount = content.RowCount, Bytes = content.Bytes, Sha256 = content.Sha256 };

        // 2. The part is there before the ledger names it. A crash between the two leaves an orphan, which the finisher deletes.
        await blobs.UploadAsync(job.Output.Combine(part.Name), content.Stream, cancellation: stop);
        return part;
    }

    [LoggerMessage(2001, LogLevel.Warning, "Unit {Unit} belongs to another attempt now; its part {Part} of this attempt is deleted")]
    private static partial void LogFenced(ILogger logger, int unit, string part);
}
