using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace HrNetBatch.Model.Training;

/// <summary>
/// How weights are made of data and a network: what a train job's arguments and <see cref="TrainingOptions"/> have in common. The defaults are the original's for
/// ImageNet: 100 epochs of SGD with Nesterov momentum, 0.05 at a batch of 128, a tenth of it from epochs 30, 60 and 90 on
/// (experiments/cls_hrnet_*_sgd_lr5e-2_wd1e-4_bs32_x100.yaml). All beyond that is off until asked for, but for the last batch of an epoch, which is
/// left out where the original keeps it.
/// </summary>
public record TrainingRecipe
{
    /// <summary>Seed of weights, order, augmentation and the mixing of batches.</summary>
    public long Seed { get; init; }

    /// <summary>Passes over the data.</summary>
    [Range(1, 100_000)]
    public int EpochCount { get; init; } = 100;

    /// <summary>Images a step.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Images that go through the network at once; null: the whole batch. Batches of 128 in parts of 32 are the original's on four GPUs: the gradient is the whole batch's,
    /// batch norms see a part. It also saves memory.
    /// </summary>
    [Range(1, 65_536)]
    public int? MicroBatchSize { get; init; }

    /// <summary>What becomes of the samples that fill no batch at the end of an epoch: <c>drop</c> leaves them out, <c>keep</c> makes a small step of them as the original does.</summary>
    [EnumDataType(typeof(LastBatch))]
    public LastBatch LastBatch { get; init; } = LastBatch.Drop;

    /// <summary>What makes a step of the gradients, each as PyTorch's.</summary>
    [EnumDataType(typeof(OptimizerKind))]
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>Learning rate before the schedule lowers it; the original's 0.05 is for SGD with batches of 128.</summary>
    [Range(1e-12, 1e3)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>The batch size that <see cref="LearningRate"/> is for: with another one the rate is scaled by their quotient, of Adam and AdamW by its root. Null: it is for the batch as it is.</summary>
    [Range(1, 65_536)]
    public int? LearningRateBatchSize { get; init; }

    /// <summary>How the learning rate falls: in <c>steps</c> as the original's, or along a cosine, with a value an epoch (<c>cosine</c>) or one a step (<c>cosinePerStep</c>: what short runs want).</summary>
    [EnumDataType(typeof(LearningRateSchedule))]
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.Steps;

    /// <summary>Steps in which the learning rate first rises to its full value, at most a tenth of the run's; 0 as in the original.</summary>
    [Range(0, 1_000_000)]
    public int WarmUpSteps { get; init; }

    /// <summary>Epochs, counted from 0, at which the learning rate is multiplied by <see cref="LearningRateFactor"/>; those below 0 are behind from the start.</summary>
    public IReadOnlyList<int> LearningRateMilestones { get; init; } = [30, 60, 90];

    /// <summary>Factor at each milestone.</summary>
    [Range(1e-6, 1.0)]
    public double LearningRateFactor { get; init; } = 0.1;

    /// <summary>Momentum of SGD and RMSprop.</summary>
    [Range(0.0, 1.0)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's form of SGD's momentum.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>L2 penalty; of AdamW decoupled from the gradients. The original gives Adam none: 0 does as it does.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Whether weight decay is on batch norms and biases too, as in the original, or on the weights of convolutions and classifier alone.</summary>
    public bool DecaysNormsAndBiases { get; init; } = true;

    /// <summary>Adam and AdamW: how much of the mean gradient stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>Adam and AdamW: how much of the mean squared gradient stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>RMSprop: how much of the mean squared gradient stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double RmspropAlpha { get; init; } = 0.99;

    /// <summary>RMSprop: whether the square of the mean gradient is subtracted from the mean square.</summary>
    public bool RmspropCentered { get; init; }

    /// <summary>Adam, AdamW and RMSprop: added to what gradients are divided by.</summary>
    [Range(1e-16, 1.0)]
    public double OptimizerEpsilon { get; init; } = 1e-8;

    /// <summary>Longest norm of all gradients together; longer ones are shortened to it. 0: no limit.</summary>
    [Range(0.0, 1e6)]
    public double GradientClipNorm { get; init; }

    /// <summary>Share of each target that is spread evenly over all classes, such as 0.1.</summary>
    [Range(0.0, 0.99)]
    public double LabelSmoothing { get; init; }

    /// <summary>CutMix: α of the distribution of the box that comes from another image of the batch, usually 1; 0: off.</summary>
    [Range(0.0, 100.0)]
    public double CutMixAlpha { get; init; }

    /// <summary>Mixup: α of the distribution of the share that another image of the batch gets, 0.2 for ImageNet; 0: off.</summary>
    [Range(0.0, 100.0)]
    public double MixupAlpha { get; init; }

    /// <summary>Share of the batches that CutMix or Mixup mixes; where both are on, each takes half of them.</summary>
    [Range(0.0, 1.0)]
    public double MixProbability { get; init; } = 1;

    /// <summary>
    /// How much of the moving average of the weights stays at each step, such as 0.9999. The average and the weights as trained are both validated then: the better
    /// of them are the best weights, the average is the final ones. 0: no average.
    /// </summary>
    [Range(0.0, 1 - 1e-9)]
    public double EmaDecay { get; init; }

    /// <summary>Whether <see cref="EmaDecay"/> begins low, min(emaDecay, (1 + t) / (10 + t)) after t steps, so that a short run's average is not of the weights that it began with.</summary>
    public bool EmaRampsUp { get; init; } = true;

    /// <summary>Whether the last batch norm of every residual block begins at zero, so that the block begins as the identity (Goyal et al. 2017, torchvision's zero_init_residual): short runs from random weights learn faster. The original begins it at one.</summary>
    public bool ZeroInitResidual { get; init; }

    /// <summary>Layers that stay as they are, batch norm statistics included, by name or its beginning: <c>conv1</c>, <c>layer1</c>, <c>stage2</c>, <c>stage3.0.branches</c>, …</summary>
    public IReadOnlyList<string> FrozenLayers { get; init; } = [];

    /// <summary>Epochs in a row without a better validation after which the run ends; 0: never before its time.</summary>
    [Range(0, 100_000)]
    public int EarlyStoppingPatience { get; init; }

    /// <summary>Numbers that the network computes in: <c>bf16</c> is faster where the processor or GPU knows it, weights stay fp32.</summary>
    [EnumDataType(typeof(TrainingPrecision))]
    public TrainingPrecision Precision { get; init; } = TrainingPrecision.Fp32;

    /// <summary>What does not fit together, each as <c>property: what is wrong</c>; empty for a sound recipe. Ranges are left to the attributes.</summary>
    public IEnumerable<string> RecipeFaults()
    {
        if (MicroBatchSize > BatchSize)
            yield return string.Create(CultureInfo.InvariantCulture, $"microBatchSize: is {MicroBatchSize}, more than the batch's {BatchSize} images");
        if (FrozenLayers.Any(string.IsNullOrWhiteSpace))
            yield return "frozenLayers: holds an empty name";
    }
}
