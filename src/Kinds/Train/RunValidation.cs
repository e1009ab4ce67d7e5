using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Training;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Train;

/// <summary>The validation inside a train job: the same measures as those of a validate job, as curves, in the log and, for the best weights, as the job's report.</summary>
internal static partial class RunValidation
{
    private const int MistakeCount = 24;
    private const string Folder = "validation/";

    /// <summary>
    /// Measures what the run is about after <paramref name="step"/> optimizer steps and, where that is an average, the weights as trained too; the points of
    /// the curves are in the ledger when it returns.
    /// </summary>
    /// <param name="trainer">The run.</param>
    /// <param name="batches">The validation data, as often as asked for.</param>
    /// <param name="step">Optimizer steps made.</param>
    /// <param name="attempt">Whose curves and log they are.</param>
    /// <param name="stop">Stops between two batches.</param>
    /// <returns>The better of the two, and which network that is: the average on a tie.</returns>
    /// <exception cref="DivergedException">Its answers are not finite.</exception>
    public static async Task<(EvaluationReport Found, HrNet Network)> MeasureAsync(
        Trainer trainer, Func<IAsyncEnumerable<Batch>> batches, long step, AttemptContext attempt, CancellationToken stop)
    {
        (EvaluationReport Found, HrNet Network) better = (await MeasureAsync(trainer.Outcome, batches(), step, attempt, stop), trainer.Outcome);
        if (trainer.Average is not null)
        {
            (EvaluationReport average, EvaluationReport trained) = (better.Found, await MeasureAsync(trainer.Network, batches(), step, attempt, stop));
            await attempt.RecordMetricsAsync(
                [.. ValidationMetrics.OfOne("average", average, step), .. ValidationMetrics.OfOne("trained", trained, step)], CancellationToken.None);
            LogBoth(attempt.Logger, attempt.Lease.JobId, average.Result.Top1, average.Result.Loss, trained.Result.Top1, trained.Result.Loss);
            if (trained.Result.Top1 > average.Result.Top1)
                better = (trained, trainer.Network);
        }
        await attempt.RecordMetricsAsync(ValidationMetrics.Of(better.Found, step), CancellationToken.None);
        MeterLog.LogMeters(attempt.Logger, attempt.Lease.JobId, MeterLine.Of(better.Found));
        return better;
    }

    /// <summary>Makes what was found of the best weights the job's report, with its files in <c>validation/step-N/</c> of the output.</summary>
    public static async Task RecordBestAsync(
        BlobAccounts accounts, BlobStore blobs, EvaluationReport found, BatchLoaderOptions loading, long step, TrainArguments arguments, AttemptContext attempt,
        CancellationToken stop)
    {
        BlobPath output = BlobPath.Parse(arguments.Output), folder = output.Combine($"{Folder}step-{step:000000000}");
        ValidationReport report = arguments.View.Of(ReportRows.Report(found, attempt, loading, $"{output.Combine("model_best.pth.tar")}", arguments.Labels)) with
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

    private static async Task<EvaluationReport> MeasureAsync(
        HrNet network, IAsyncEnumerable<Batch> batches, long step, AttemptContext attempt, CancellationToken stop)
    {
        EvaluationOptions options = attempt.ArgumentsAs<TrainArguments>().View.Of(
            new EvaluationOptions { ThreadCount = attempt.ThreadCount, MistakeCount = MistakeCount });
        try
        {
            return await Evaluator.ReportAsync(network, attempt.CountingWork(batches), options, stop);
        }
        catch (NotFiniteException e)
        {
            throw DivergedException.InValidation(step, e);
        }
    }

    [LoggerMessage(3043, LogLevel.Information, "Job {Job}: the average of the weights has top-1 {AverageTop1:0.####} and loss {AverageLoss:0.####}, the weights as trained {Top1:0.####} and {Loss:0.####}; the better follows")]
    private static partial void LogBoth(ILogger logger, Guid job, double averageTop1, double averageLoss, double top1, double loss);
}
