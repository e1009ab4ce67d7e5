using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Model.Training;

/// <summary>How the learning rate falls over the epochs; <see cref="LearningRate"/> computes it.</summary>
public enum LearningRateSchedule
{
    /// <summary>Multiplied by <see cref="TrainingOptions.LearningRateFactor"/> at every milestone: the original's recipe.</summary>
    Steps,

    /// <summary>Half a cosine from the base rate to zero, one value an epoch: what short runs want.</summary>
    Cosine,
}

/// <summary>
/// The optimisation part of a recipe. The defaults are the original's for ImageNet: 100 epochs of SGD with Nesterov momentum,
/// 0.05 at a batch of 128, a tenth of it from epochs 30, 60 and 90 on (experiments/cls_hrnet_*_sgd_lr5e-2_wd1e-4_bs32_x100.yaml).
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>Where the initial weights, the order of the samples and their augmentation come from.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Passes over the training data.</summary>
    [Range(1, 100_000)]
    public int EpochCount { get; init; } = 100;

    /// <summary>Images of one optimizer step.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 128;

    /// <summary>The learning rate before the schedule changes it.</summary>
    [Range(1e-9, 1e3)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>How the learning rate falls.</summary>
    [EnumDataType(typeof(LearningRateSchedule))]
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Steps;

    /// <summary>Epochs, counted from 0, from which on <see cref="LearningRateSchedule.Steps"/> multiplies by <see cref="LearningRateFactor"/>.</summary>
    public IReadOnlyList<int> LearningRateMilestones { get; init; } = [30, 60, 90];

    /// <summary>What a milestone multiplies the learning rate by.</summary>
    [Range(0.0, 1.0)]
    public double LearningRateFactor { get; init; } = 0.1;

    /// <summary>Steps over which the learning rate first rises in a straight line; 0 starts with the full rate, as the original does.</summary>
    [Range(0, 1_000_000)]
    public int WarmUpSteps { get; init; }

    /// <summary>Momentum of SGD.</summary>
    [Range(0.0, 1.0)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's form of the momentum.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>L2 penalty on every parameter, batch norms and biases included, as in the original.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 1e-4;
}
