using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Jobs.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Jobs.Train;

/// <summary>The validation inside a train job: the same measures as those of a validate job, as curves, in the log and, for the best weights, as the job's report.</summary>
internal static class RunValidation
{
    private const int MistakeCount = 24;
    private const string Folder = "validation/";

    /// <summary>Measures the network after <paramref name="step"/> optimizer steps; the points of the curves are in the ledger when it returns.</summary>
    public static async Task<EvaluationReport> MeasureAsync(
        HrNet network, IAsyncEnumerable<Batch> batches, long step, AttemptContext attempt, CancellationToken stop)
    {
        var options = new EvaluationOptions { ThreadCount = attempt.ThreadCount, MistakeCount = MistakeCount };
        EvaluationReport found = await Evaluator.ReportAsync(network, attempt.CountingWork(batches), options, stop);
        await attempt.RecordMetricsAsync(ValidationMetrics.Of(found, step), CancellationToken.None);
        MeterLog.LogMeters(attempt.Logger, attempt.Lease.JobId, MeterLine.Of(found));
        return found;
    }

    /// <summary>Makes what was found of the best weights the job's report, with its files in <c>validation/step-N/</c> of the output.</summary>
    public static async Task RecordBestAsync(
        BlobAccounts accounts, BlobStore blobs, EvaluationReport found, BatchLoaderOptions loading, long step, TrainArguments arguments, AttemptContext attempt,
        CancellationToken stop)
    {
        BlobPath output = BlobPath.Parse(arguments.Output), folder = output.Combine($"{Folder}step-{step:000000000}");
        ValidationReport report = ValidationReport.Of(found, attempt, loading, $"{output.Combine("model_best.pth.tar")}", arguments.Labels) with
        {
            Data = arguments.ValidationData!,
            Step = step,
            Output = $"{folder}",
        };
        // 1. A folder for each step: whoever repeats this step, a zombie too, writes the same images into it. A crash before the ledger
        //    knows of it leaves the report before, with its files.
        ReportFiles files = await ReportFiles.ClaimAsync(accounts, blobs, folder, attempt, stop);
        await files.WriteAsync(report, found.Mistakes, stop);
        await attempt.RecordReportAsync(report.ToJson(), CancellationToken.None);
        // 2. A crash in here leaves files that nobody names, until the next best.
        await foreach (BlobEntry file in blobs.ListAsync(output.Combine(Folder), stop))
        {
            if (string.CompareOrdinal(file.Path.Name, folder.Name) < 0)
                await blobs.DeleteAsync(file.Path, stop);
        }
    }
}
