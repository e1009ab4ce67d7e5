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

    /// <summary>Makes what was found of the best weights the job's report. Its mistakes are named, and not kept as images: a validate job does that.</summary>
    public static Task RecordBestAsync(EvaluationReport found, BatchLoaderOptions loading, long step, AttemptContext attempt)
    {
        var arguments = attempt.ArgumentsAs<TrainArguments>();
        BlobPath best = BlobPath.Parse(arguments.Output).Combine("model_best.pth.tar");
        ValidationReport report = ValidationReport.Of(found, attempt, loading, $"{best}", arguments.Labels) with { Data = arguments.ValidationData!, Step = step };
        return attempt.RecordReportAsync(report.ToJson(), CancellationToken.None);
    }
}
