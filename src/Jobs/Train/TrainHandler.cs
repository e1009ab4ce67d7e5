using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Checkpoints;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.DataSets;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Jobs.Models;
using HrNetBatch.Jobs.Runs;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Jobs.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Train;

/// <summary>
/// Trains a network on shards streamed from blob storage. All that an attempt leaves behind is in the run's checkpoint, so any
/// later attempt, wherever it runs, goes on from there, and ends with the very weights that an undisturbed attempt would have made.
/// </summary>
public sealed partial class TrainHandler(BlobAccounts accounts, BlobStore blobs, JobCheckpoints checkpoints, ModelAddition models, TimeProvider clock) : IJobHandler
{
    /// <inheritdoc/>
    public async Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop)
    {
        var arguments = attempt.ArgumentsAs<TrainArguments>();
        LibTorch.Load();
        set_num_threads(attempt.ThreadCount);
        RequirePlace(arguments);
        ShardSet shards = await ShardSet.FindAsync(blobs, arguments.Data, arguments.Reading, attempt, stop);
        ShardSet? validation = arguments.ValidationData is { } paths ? await ShardSet.FindAsync(blobs, paths, arguments.Reading with { Layout = null }, attempt, stop) : null;
        validation?.RequireClassesOf(shards);

        var model = new TrainedModel(models, blobs, arguments, attempt);
        await model.PrepareAsync(stop);

        // 1. From here on nothing that an earlier attempt still has under way can change the output. A crash before the first save
        //    costs the work since the last one, however often it happens.
        TrainOutput output = await TrainOutput.ClaimAsync(accounts, blobs, arguments, attempt, shards, stop);
        RunFiles files = await RunFiles.ClaimAsync(accounts, BlobPath.Parse(arguments.Output), attempt, stop);
        using HrNet network = await output.NewNetworkAsync(checkpoints, stop);
        using HrNet? teacher = await TeacherNetwork.LoadAsync(arguments, checkpoints, attempt, stop);
        using var trainer = new Trainer(network, arguments.ToOptions(), teacher);
        if (await output.RestoreAsync(trainer, stop) is { } checkpoint)
            LogResumed(attempt.Logger, attempt.Lease.JobId, trainer.Position.Epoch, trainer.Position.Step, checkpoint);

        try
        {
            await TrainAsync(trainer, arguments, shards, validation, output, files, attempt, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // 2. Handed back with every step saved: the next attempt repeats none. Killed in here, it repeats those since the last save.
            await output.SaveAsync(trainer);
            await files.RefreshAsync();
            return attempt.Stopped($"saved after step {trainer.Position.Step}, in epoch {trainer.Position.Epoch + 1} of {arguments.EpochCount}");
        }

        if (trainer.Position.Epoch < arguments.EpochCount)
            LogEndedEarly(attempt.Logger, attempt.Lease.JobId, trainer.Position.Epoch, arguments.EpochCount, arguments.EarlyStoppingPatience);

        // 3. A crash from here on costs one upload: the finished checkpoint lets the next attempt skip the training.
        TrainResult result = await output.FinishAsync(trainer);
        await files.RefreshAsync();
        // 6. The model's version comes before the success that names it. A crash between the two leaves the version, and the next
        //    attempt finds that the job has one: a job never makes two.
        return Outcome.Success(result with { Model = await model.SaveAsync(result, stop) });
    }

    // What a run writes must be nobody's data: not the model store's, and not what the next attempt would list as shards or images.
    private void RequirePlace(TrainArguments arguments)
    {
        BlobPath output = BlobPath.Parse(arguments.Output);
        checkpoints.Models.RequireOutside(output, "output");
        foreach (string data in new[] { arguments.Data, arguments.ValidationData }.OfType<string>())
        {
            if (BlobPath.Parse(data) is var read && blobs.AreInOneContainer(read, output) && read.Contains(output.Combine("checkpoint.pth.tar").Name))
            {
                throw new JobException(
                    $"output: the run's files in '{output}' would be listed as data of '{data}'. Choose an output outside the data, beside them for example.");
            }
        }
    }

    private async Task TrainAsync(
        Trainer trainer, TrainArguments arguments, ShardSet shards, ShardSet? validation, TrainOutput output, RunFiles files, AttemptContext attempt,
        CancellationToken stop)
    {
        var progress = new TrainProgress(attempt, arguments, shards);
        BatchLoaderOptions loading = arguments.ToLoaderOptions(attempt.ThreadCount);
        var metrics = new TrainMetrics(arguments.MetricsInterval);
        var meters = new TrainMeters(arguments.BatchSize);
        await progress.ReportAsync(trainer.Position);
        long saved = clock.GetTimestamp();

        while (!trainer.IsFinished)
        {
            IAsyncEnumerable<Batch> batches = shards.TrainingBatches(loading, trainer.Position.Epoch, trainer.Position.Cursor, stop);
            await foreach (TrainingStep step in trainer.TrainEpochAsync(batches, stop))
            {
                attempt.Worked();
                HrNetTelemetry.TrainSamples.Add(step.SampleCount);
                meters.Add(step);
                if (metrics.Add(step))
                {
                    MeterLog.LogMeters(attempt.Logger, attempt.Lease.JobId, meters.Line(step, shards.SampleCount));
                    await attempt.RecordMetricsAsync(metrics.Take(step), CancellationToken.None);
                    await progress.ReportAsync(step.Position);
                }
                stop.ThrowIfCancellationRequested();
                if (clock.GetElapsedTime(saved) >= arguments.CheckpointInterval)
                {
                    // 4. What a kill costs at most is this interval.
                    await output.SaveAsync(trainer);
                    saved = clock.GetTimestamp();
                }
            }

            if (validation is not null)
                await ValidateAsync(trainer, validation, loading with { RequiresLabels = true }, output, progress, attempt, stop);
            trainer.EndEpoch();
            await output.SaveAsync(trainer);
            await files.RefreshAsync();
            saved = clock.GetTimestamp();
        }
    }

    private async Task ValidateAsync(
        Trainer trainer, ShardSet data, BatchLoaderOptions loading, TrainOutput output, TrainProgress progress, AttemptContext attempt, CancellationToken stop)
    {
        await progress.ReportAsync(trainer.Position, "validating");
        loading = loading with { KeepsEncodedImages = true };
        EvaluationReport found = await RunValidation.MeasureAsync(trainer.Outcome, data.ValidationBatches(loading, stop), trainer.Position.Step, attempt, stop);
        if (!trainer.Observe(found.Result))
            return;

        await RunValidation.RecordBestAsync(accounts, blobs, found, loading, trainer.Position.Step, attempt, stop);
        // 5. The best weights first, then the checkpoint that knows of them: a crash between the two repeats the end of the epoch and
        //    its validation, and writes the same best weights again.
        await output.SaveBestAsync(trainer);
    }

    [LoggerMessage(3005, LogLevel.Information, "Job {Job} ends after {Epoch} of {EpochCount} epochs: the last {Patience} brought no better validation")]
    private static partial void LogEndedEarly(ILogger logger, Guid job, int epoch, int epochCount, int patience);

    [LoggerMessage(3001, LogLevel.Information, "Job {Job} goes on in epoch {Epoch} after step {Step}, from {Checkpoint}")]
    private static partial void LogResumed(ILogger logger, Guid job, int epoch, long step, string checkpoint);
}
