using System.Runtime.CompilerServices;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Labels;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Validate;

/// <summary>Measures a checkpoint on labelled data. It is short and keeps nothing until its end: an attempt that is cut off costs its time, and the next begins anew.</summary>
public sealed class ValidateHandler(BlobAccounts accounts, BlobStore blobs, JobCheckpoints checkpoints) : IJobHandler
{
    private const int BatchesBetweenReports = 10;
    private const long LargestMultiLabels = 256 << 20;

    /// <inheritdoc/>
    public async Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        var arguments = attempt.ArgumentsAs<ValidateArguments>();
        LibTorch.Load();
        set_num_threads(attempt.ThreadCount);

        // 1. What can be refused is, before anything is measured.
        if (arguments.Output is { } folder)
            checkpoints.Models.RequireOutside(BlobPath.Parse(folder), "output");
        ReportFiles? files = arguments.Output is { } output ? await ReportFiles.ClaimAsync(accounts, blobs, BlobPath.Parse(output), attempt, stop) : null;
        MultiLabels? multiLabels = await MultiLabelsAsync(arguments, stop);
        ShardSet shards = await ShardSet.FindAsync(blobs, arguments.Data, new DataReading(arguments.DataLayout, arguments.BrokenSampleLimit), attempt, stop);
        using LoadedCheckpoint loaded = await checkpoints.LoadAsync(attempt.Lease, arguments.Checkpoint, stop);
        using HrNet network = StoredCheckpoint.NetworkOf(loaded.Checkpoint, attempt.Logger);
        shards.ClassMap = ClassMatching.Match(
            shards.ClassesAs("--data"), new ClassList($"--checkpoint {loaded.Source.Checkpoint}", loaded.Labels, network.ClassCount), allowsSubset: true);
        network.to(device(attempt.Device));
        network.ToChannelsLast();

        ValidationView view = arguments.ViewOf(loaded);
        BatchLoaderOptions loading = view.Of(new BatchLoaderOptions
        {
            BatchSize = arguments.BatchSize,
            ImageSize = arguments.ImageSize ?? loaded.ImageSize,
            ClassCount = network.ClassCount,
            ThreadCount = attempt.ThreadCount,
            KeepsEncodedImages = files is not null && arguments.MistakeCount > 0,
        });
        EvaluationOptions measuring = view.Of(new EvaluationOptions
        {
            ThreadCount = attempt.ThreadCount,
            MistakeCount = arguments.MistakeCount,
            MultiLabels = multiLabels,
        });
        EvaluationReport found = await Evaluator.ReportAsync(network, ReportedAsync(shards.ValidationBatches(loading, stop), shards, attempt, stop), measuring, stop);

        MeterLog.LogMeters(attempt.Logger, attempt.Lease.JobId, MeterLine.Of(found));
        ValidationReport report = view.Of(ReportRows.Report(found, attempt, loading, loaded.Source.Checkpoint, loaded.Labels)) with
        {
            Data = arguments.Data,
            MultiLabels = arguments.MultiLabels,
            Output = arguments.Output,
        };
        await attempt.RecordMetricsAsync(ValidationMetrics.Of(found, step: 0), CancellationToken.None);
        await attempt.RecordReportAsync(report.ToJson(), CancellationToken.None);
        // 2. A crash before the success costs the time of the measuring: the next attempt finds the same, and writes it over this.
        if (files is not null)
            await files.WriteAsync(report, found.Mistakes, stop);
        await attempt.ReportProgressAsync(report.Count, report.Count, "validated", CancellationToken.None);
        return Outcome.Success(new ValidateResult(report.Checkpoint, Finite(report.Loss), report.Top1, report.Top5, report.Count)
        {
            CalibrationError = Finite(report.CalibrationError),
            RealTop1 = report.RealTop1,
            ImagesPerSecond = report.ImagesPerSecond,
            LeftOut = shards.LeftOut,
            ClassIndices = shards.ClassMap.ByName,
            Report = files is null ? null : $"{files.ReportPath}",
        });
    }

    private async Task<MultiLabels?> MultiLabelsAsync(ValidateArguments arguments, CancellationToken cancellation)
    {
        if (arguments.MultiLabels is not { } path)
            return null;
        BlobContent json = await blobs.ReadAsync(BlobPath.Parse(path), maximumBytes: LargestMultiLabels, cancellation: cancellation);
        return MultiLabels.Read(json.Bytes, path);
    }

    // JSON knows no NaN.
    private static double? Finite(double value) => double.IsFinite(value) ? value : null;

    private static async IAsyncEnumerable<Batch> ReportedAsync(
        IAsyncEnumerable<Batch> batches, ShardSet shards, AttemptContext attempt, [EnumeratorCancellation] CancellationToken stop)
    {
        long batchCount = 0;
        await foreach (Batch batch in attempt.CountingWork(batches).WithCancellation(stop))
        {
            if (batchCount++ % BatchesBetweenReports == 0)
                await attempt.ReportProgressAsync(batch.Cursor - batch.Count, shards.SampleCount, "validating", stop);
            yield return batch;
        }
    }
}
