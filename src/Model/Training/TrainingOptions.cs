using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace HrNetBatch.Model.Training;

/// <summary>
/// The optimisation part of a recipe. The defaults are the original's for ImageNet: 100 epochs of SGD with Nesterov momentum,
/// 0.05 at a batch of 128, a tenth of it from epochs 30, 60 and 90 on (experiments/cls_hrnet_*_sgd_lr5e-2_wd1e-4_bs32_x100.yaml).
/// All beyond that is off until asked for, but for the last batch of an epoch, which is left out where the original keeps it. A resumed run must
/// have the options that it began with.
/// </summary>
public sealed record TrainingOptions
{
    /// <summary>Where the initial weights, the order of the samples, their augmentation and the mixing of batches come from.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Passes over the training data.</summary>
    [Range(1, 100_000)]
    public int EpochCount { get; init; } = 100;

    /// <summary>Images of one optimizer step.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// Images that go through the network at once; null: the whole batch. A step of four micro-batches is a step of the original on four GPUs
    /// with so many images each (BATCH_SIZE_PER_GPU): gradients are those of the mean loss over the whole batch, every micro-batch has batch
    /// norm statistics of its own, and the running statistics follow the first. It saves memory, and changes what batch norm sees. On a CPU, as
    /// many micro-batches as there are threads go at the same time.
    /// </summary>
    [Range(1, 65_536)]
    public int? MicroBatchSize { get; init; }

    /// <summary>What becomes of the samples that are left at the end of an epoch; whoever makes the batches follows it.</summary>
    [EnumDataType(typeof(LastBatch))]
    public LastBatch LastBatch { get; init; } = LastBatch.Drop;

    /// <summary>What makes a step of the gradients.</summary>
    [EnumDataType(typeof(OptimizerKind))]
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>The learning rate before the schedule changes it.</summary>
    [Range(1e-12, 1e3)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>
    /// The batch size that <see cref="LearningRate"/> is for. With another <see cref="BatchSize"/> the rate is scaled: by their quotient, or for Adam
    /// and AdamW by its root (as timm scales them). Null: the rate is for the batch as it is.
    /// </summary>
    [Range(1, 65_536)]
    public int? LearningRateBatchSize { get; init; }

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

    /// <summary>
    /// Steps of a full epoch (<see cref="EpochSteps"/>); null: not known. <see cref="LearningRateSchedule.CosinePerStep"/> needs it, because it must know
    /// from the first step on where the run will end. <see cref="ForSamples"/> finds it.
    /// </summary>
    [Range(1.0, 1e12)]
    public long? StepsPerEpoch { get; init; }

    /// <summary>Momentum of SGD and RMSprop; Adam has none.</summary>
    [Range(0.0, 1.0)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Nesterov's form of SGD's momentum; without meaning where there is none.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>
    /// L2 penalty on the trained parameters, as in the original (which gives Adam none: set 0 to do as it does); of AdamW the share of each parameter,
    /// times the learning rate, that is taken off at each step.
    /// </summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Whether weight decay is on batch norms and biases too, as in the original, or on the weights of convolutions and classifier alone, as timm has it.</summary>
    public bool DecaysNormsAndBiases { get; init; } = true;

    /// <summary>Adam and AdamW: how much of the mean of the gradients stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>Adam and AdamW: how much of the mean of their squares stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>RMSprop: how much of the mean of the squared gradients stays at each step (TRAIN.RMSPROP_ALPHA).</summary>
    [Range(0.0, 1 - 1e-9)]
    public double RmspropAlpha { get; init; } = 0.99;

    /// <summary>RMSprop: whether the squared mean of the gradients is subtracted from the mean of their squares (TRAIN.RMSPROP_CENTERED).</summary>
    public bool RmspropCentered { get; init; }

    /// <summary>Adam, AdamW and RMSprop: what is added to the root that gradients are divided by.</summary>
    [Range(1e-16, 1.0)]
    public double OptimizerEpsilon { get; init; } = 1e-8;

    /// <summary>The largest norm that all gradients together may have; longer ones are shortened to it. 0: no limit.</summary>
    [Range(0.0, 1e6)]
    public double GradientClipNorm { get; init; }

    /// <summary>Share of each target that is spread evenly over all classes (Szegedy et al. 2016, section 7). 0: none. Without effect when distilling.</summary>
    [Range(0.0, 0.99)]
    public double LabelSmoothing { get; init; }

    /// <summary>CutMix (Yun et al. 2019): a box of each image comes from another one of the batch; the α of the Beta distribution that its area is drawn from, 1 in the paper. 0: off.</summary>
    [Range(0.0, 100.0)]
    public double CutMixAlpha { get; init; }

    /// <summary>Mixup (Zhang et al. 2018): each image is blended with another one of the batch; the α of the Beta distribution of its share, 0.2 for ImageNet in the paper. 0: off.</summary>
    [Range(0.0, 100.0)]
    public double MixupAlpha { get; init; }

    /// <summary>Share of the batches that are mixed at all, by CutMix or Mixup; where both are on, each takes half of them.</summary>
    [Range(0.0, 1.0)]
    public double MixProbability { get; init; } = 1;

    /// <summary>
    /// How much of the moving average of the weights stays at each step, such as 0.9999 (about 10,000 steps); 0: no average. Where there is one,
    /// it is what the run's final weights are.
    /// </summary>
    [Range(0.0, 1 - 1e-9)]
    public double EmaDecay { get; init; }

    /// <summary>
    /// Whether the decay begins low: min(<see cref="EmaDecay"/>, (1 + t) / (10 + t)) after t steps, so that the average of a short run is not of the
    /// weights that it began with.
    /// </summary>
    public bool EmaRampsUp { get; init; } = true;

    /// <summary>
    /// Layers that stay as they are, batch norm statistics included, by name or the beginning of it up to a dot: <c>conv1</c>, <c>layer1</c>,
    /// <c>stage2</c>, <c>stage3.0.branches</c>, … All names: <c>conv1 bn1 conv2 bn2 layer1 transition1 stage2 transition2 stage3 transition3 stage4
    /// incre_modules downsamp_modules final_layer classifier</c>.
    /// </summary>
    public IReadOnlyList<string> FrozenLayers { get; init; } = [];

    /// <summary>The run ends after so many epochs in a row whose validation was no better than the best before; 0: never before its time.</summary>
    [Range(0, 100_000)]
    public int EarlyStoppingPatience { get; init; }

    /// <summary>In which numbers the network computes.</summary>
    [EnumDataType(typeof(TrainingPrecision))]
    public TrainingPrecision Precision { get; init; } = TrainingPrecision.Fp32;

    /// <summary>
    /// The options for data of so many samples: the steps of an epoch are known, and a warm-up is at most a tenth of the run.
    /// </summary>
    public TrainingOptions ForSamples(long sampleCount)
    {
        long steps = EpochSteps.Of(sampleCount, BatchSize, LastBatch);
        return this with { StepsPerEpoch = steps, WarmUpSteps = (int)Math.Min(WarmUpSteps, steps * EpochCount / 10) };
    }

    /// <summary>What does not fit together, each as <c>property: what is wrong</c>; empty for a sound recipe. Ranges are the attributes' affair.</summary>
    public IEnumerable<string> Faults()
    {
        if (MicroBatchSize > BatchSize)
            yield return Text($"microBatchSize: is {MicroBatchSize}, more than the batch's {BatchSize} images");
        if (Schedule == LearningRateSchedule.CosinePerStep && StepsPerEpoch is null)
            yield return StepsFault;
        if (FrozenLayers.Any(string.IsNullOrWhiteSpace))
            yield return "frozenLayers: holds an empty name";
    }

    /// <summary>The fault of a schedule that must know how many samples there are, before it does.</summary>
    public const string StepsFault = "stepsPerEpoch: is needed for a cosine with a value for every step; the schedule cosine does without, with a value for every epoch";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
