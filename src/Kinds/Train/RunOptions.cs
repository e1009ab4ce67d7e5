using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Training;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Kinds.Train;

/// <summary>The recipe of a run: what its job asks for, with what depends on how many samples there are. A resumed run has what it began with.</summary>
internal static partial class RunOptions
{
    /// <summary>The options, for the trainer.</summary>
    /// <param name="arguments">What is asked for.</param>
    /// <param name="saved">Where an earlier attempt saved; null: the run begins.</param>
    /// <param name="shards">The training data; counted where the schedule must know and the data do not say.</param>
    /// <param name="attempt">Hears of what is not as it was asked for.</param>
    /// <param name="stop">Stops the counting.</param>
    public static async Task<TrainingOptions> OfAsync(
        TrainArguments arguments, Checkpoint? saved, ShardSet shards, AttemptContext attempt, CancellationToken stop)
    {
        var asked = new TrainingOptions(arguments);
        if (saved is not null)
            return TrainingSnapshot.AsBegun(asked, saved);
        if (await SampleCountAsync(arguments, shards, attempt, stop) is not { } sampleCount)
            return asked;
        TrainingOptions options = asked.ForSamples(sampleCount);
        if (options.WarmUpSteps < asked.WarmUpSteps)
            LogShorterWarmUp(attempt.Logger, attempt.Lease.JobId, options.WarmUpSteps, asked.WarmUpSteps, options.StepsPerEpoch!.Value * options.EpochCount);
        return options;
    }

    /// <summary>Makes sure, once all data were read, that a schedule that was made for a typed number of samples was made for the right one.</summary>
    /// <exception cref="JobException">It was not; permanent.</exception>
    public static void RequireTypedCount(TrainArguments arguments, TrainingOptions options, ShardSet shards)
    {
        if (options.LearningRateSchedule == LearningRateSchedule.CosinePerStep && arguments.SampleCount is { } typed && shards.SampleCount is { } count
            && EpochSteps.Of(count, options.BatchSize, options.LastBatch) is var steps && steps != options.StepsPerEpoch)
            throw new JobException(
                $"sampleCount says that {arguments.Data} has {Counted.Of(typed, "sample")}, and its first epoch had {count}: the learning rate would reach its end too {(typed < count ? "early" : "late")}. "
                + "Submit the job anew without sampleCount, which counts them first, or with the right number, and with another output.");
    }

    private static async Task<long?> SampleCountAsync(TrainArguments arguments, ShardSet shards, AttemptContext attempt, CancellationToken stop)
    {
        if (shards.SampleCount is { } known)
        {
            if (arguments.SampleCount is { } typed && typed != known)
                LogOtherCount(attempt.Logger, attempt.Lease.JobId, typed, arguments.Data, known);
            return known;
        }
        if (arguments.SampleCount is { } given)
            return given;
        if (Enough(arguments) is not { } enough)
            return null;
        await attempt.ReportProgressAsync(0, null, "counting the samples", stop);
        return await shards.CountAsync(enough, stop);
    }

    // As many as one must know of: all where the schedule ends with the run, and where it only begins with a warm-up, those that make this a tenth.
    private static long? Enough(TrainArguments arguments) => arguments switch
    {
        { LearningRateSchedule: LearningRateSchedule.CosinePerStep } => long.MaxValue,
        { WarmUpSteps: > 0 and var steps } => (10L * steps / arguments.EpochCount + 1) * arguments.BatchSize,
        _ => null,
    };

    [LoggerMessage(3041, LogLevel.Information, "Job {Job}: the learning rate rises over {Steps} steps instead of {AskedSteps}, a tenth of the run's {RunSteps}")]
    private static partial void LogShorterWarmUp(ILogger logger, Guid job, int steps, int askedSteps, long runSteps);

    [LoggerMessage(3042, LogLevel.Warning, "Job {Job}: sampleCount says {Typed}, and {Data} has {Count} samples; their own number is taken")]
    private static partial void LogOtherCount(ILogger logger, Guid job, long typed, string data, long count);
}
