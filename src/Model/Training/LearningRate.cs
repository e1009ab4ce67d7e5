namespace HrNetBatch.Model.Training;

/// <summary>The learning rate as a pure function of the options and the place in the run, so that a resumed run needs no scheduler state.</summary>
public static class LearningRate
{
    /// <summary>The rate of one step: <paramref name="epoch"/> counts from 0, <paramref name="step"/> over the whole run from 0.</summary>
    /// <exception cref="ArgumentException">The schedule needs <see cref="TrainingOptions.StepsPerEpoch"/> and there is none.</exception>
    public static double At(TrainingOptions options, int epoch, long step)
    {
        ArgumentNullException.ThrowIfNull(options);
        double full = Full(options);
        double rate = options.LearningRateSchedule switch
        {
            // At the epoch, not after it: the original steps its scheduler before the epoch, in torch 0.4.1's meaning.
            LearningRateSchedule.Steps => full * Math.Pow(options.LearningRateFactor, options.LearningRateMilestones.Count(at => at <= epoch)),
            LearningRateSchedule.Cosine => full * 0.5 * (1 + Math.Cos(Math.PI * epoch / options.EpochCount)),
            LearningRateSchedule.CosinePerStep => full * 0.5 * (1 + Math.Cos(Math.PI * ShareOfRun(options, step))),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.LearningRateSchedule, "There is no such schedule."),
        };
        return step < options.WarmUpSteps ? rate * (step + 1) / options.WarmUpSteps : rate;
    }

    /// <summary>The rate before the schedule changes it, for the batch that the options have.</summary>
    public static double Full(TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.LearningRateBatchSize is not { } reference || reference == options.BatchSize)
            return options.LearningRate;
        double scale = (double)options.BatchSize / reference;
        return options.LearningRate * (options.Optimizer is OptimizerKind.Adam or OptimizerKind.AdamW ? Math.Sqrt(scale) : scale);
    }

    // At most 1: data that grew since it was counted trains on with the last rate instead of a rising one.
    private static double ShareOfRun(TrainingOptions options, long step) => options.StepsPerEpoch is { } perEpoch
        ? Math.Min(1, (double)step / perEpoch / options.EpochCount)
        : throw new ArgumentException($"The schedule {options.LearningRateSchedule} needs {nameof(TrainingOptions.StepsPerEpoch)}.", nameof(options));
}
