using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Validate;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Train;

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
        using TeacherNetwork? teacher = await TeacherNetwork.LoadAsync(arguments, checkpoints, attempt, stop);
        arguments = TrainClasses.Settle(arguments, shards, validation, teacher);
        await shards.RequireSampleAsync(stop);
        if (validation is not null)
            await validation.RequireSampleAsync(stop);

        var model = new TrainedModel(models, blobs, arguments, attempt);
        await model.PrepareAsync(stop);

        // 1. From here on nothing that an earlier attempt still has under way can change the output. A crash before the first save
        //    costs the work since the last one, however often it happens.
        TrainOutput output = await TrainOutput.ClaimAsync(accounts, blobs, arguments, attempt, shards, stop);
        RunFiles files = await RunFiles.ClaimAsync(accounts, BlobPath.Parse(arguments.Output), attempt, stop);
        using HrNet network = await output.NewNetworkAsync(checkpoints, stop);
        if (arguments.Precision == TrainingPrecision.Bf16 && !Bf16Arithmetic.IsFastOn(device(attempt.Device).type))
            LogSlowBf16(attempt.Logger, attempt.Lease.JobId);
        using Trainer trainer = await NewTrainerAsync(network, teacher?.Network, arguments, shards, output, attempt, stop);

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
        return Outcome.Success(result with
        {
            Model = await model.SaveAsync(result, stop),
            LeftOut = shards.LeftOut,
            ValidationLeftOut = validation?.LeftOut,
            ClassIndices = shards.ClassMap.ByName,
            ValidationClassIndices = validation?.ClassMap.ByName,
        });
    }

    // At the start of a run, or where the job's last attempt saved.
    private static async Task<Trainer> NewTrainerAsync(
        HrNet network, HrNet? teacher, TrainArguments arguments, ShardSet shards, TrainOutput output, AttemptContext attempt, CancellationToken stop)
    {
        using Checkpoint? saved = await output.ReadNewestAsync(stop);
        var trainer = new Trainer(network, await RunOptions.OfAsync(arguments, saved, shards, attempt, stop), teacher, attempt.ThreadCount);
        try
        {
            if (saved is not null)
            {
                output.Restore(trainer, saved);
                LogResumed(attempt.Logger, attempt.Lease.JobId, trainer.Position.Epoch, trainer.Position.Step, saved.Name);
            }
            return trainer;
        }
        catch
        {
            trainer.Dispose();
            throw;
        }
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
        var progress = new TrainProgress(attempt, trainer.Options, shards);
        BatchLoaderOptions loading = arguments.ToLoaderOptions(trainer.Options.LastBatch, attempt.ThreadCount);
        var metrics = new TrainMetrics(arguments.MetricsInterval);
        var meters = new TrainMeters(trainer.Options);
        bool isNew = trainer.Position == default;
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

            output.RequireStep(trainer);
            trainer.RequireFinite();
            if (isNew && trainer.Position.Epoch == 0)
                RunOptions.RequireTypedCount(arguments, trainer.Options, shards);
            if (validation is not null && arguments.ValidatesAfter(trainer.Position.Epoch))
                await ValidateAsync(trainer, arguments, validation, arguments.View.Of(loading with { RequiresLabels = true }), output, progress, attempt, stop);
            trainer.EndEpoch();
            if (trainer.IsFinished)
                await attempt.RecordMetricsAsync(metrics.TakeRest(), CancellationToken.None);
            await progress.ReportAsync(trainer.Position);
            await output.SaveAsync(trainer);
            await files.RefreshAsync();
            saved = clock.GetTimestamp();
        }
    }

    private async Task ValidateAsync(
        Trainer trainer, TrainArguments arguments, ShardSet data, BatchLoaderOptions loading, TrainOutput output, TrainProgress progress, AttemptContext attempt,
        CancellationToken stop)
    {
        await progress.ReportAsync(trainer.Position, "validating");
        loading = loading with { KeepsEncodedImages = true };
        (EvaluationReport found, HrNet network) = await RunValidation.MeasureAsync(
            trainer, () => data.ValidationBatches(loading, stop), trainer.Position.Step, attempt, stop);
        if (!trainer.Observe(found.Result))
            return;

        await RunValidation.RecordBestAsync(accounts, blobs, found, loading, trainer.Position.Step, arguments, attempt, stop);
        // 5. The best weights first, then the checkpoint that knows of them: a crash between the two repeats the end of the epoch and
        //    its validation, and writes the same best weights again.
        await output.SaveBestAsync(network);
    }

    [LoggerMessage(3005, LogLevel.Information, "Job {Job} ends after {Epoch} of {EpochCount} epochs: the last {Patience} brought no better validation")]
    private static partial void LogEndedEarly(ILogger logger, Guid job, int epoch, int epochCount, int patience);

    [LoggerMessage(3044, LogLevel.Warning, "Job {Job}: this processor does not compute in bf16 itself, so the run will take several times as long as in fp32; submit it with precision fp32, or run it on another machine")]
    private static partial void LogSlowBf16(ILogger logger, Guid job);

    [LoggerMessage(3001, LogLevel.Information, "Job {Job} goes on in epoch {Epoch} after step {Step}, from {Checkpoint}")]
    private static partial void LogResumed(ILogger logger, Guid job, int epoch, long step, string checkpoint);
}
