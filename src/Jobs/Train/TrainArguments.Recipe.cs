using System.ComponentModel.DataAnnotations;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Train;

/// <summary>The recipe: all that decides which weights come of the same data and network.</summary>
public sealed partial record TrainArguments
{
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
    public LastBatch LastBatch { get; init; } = LastBatch.Drop;

    /// <summary>
    /// Samples of an epoch. Needed no more: what the data say, or a count, is taken, which this spares for <c>cosinePerStep</c>. A number that is wrong is
    /// corrected, or refused after the first epoch. Null: found out.
    /// </summary>
    [Range(1.0, 1e12)]
    public long? SampleCount { get; init; }

    /// <summary>What makes a step of the gradients, each as PyTorch's.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>Learning rate before the schedule lowers it; the original's 0.05 is for SGD with batches of 128.</summary>
    [Range(1e-12, 1e3)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>The batch size that <see cref="LearningRate"/> is for: with another one the rate is scaled by their quotient, of Adam and AdamW by its root. Null: it is for the batch as it is.</summary>
    [Range(1, 65_536)]
    public int? LearningRateBatchSize { get; init; }

    /// <summary>How the learning rate falls: in <c>steps</c> as the original's, or along a cosine, with a value an epoch (<c>cosine</c>) or one a step (<c>cosinePerStep</c>: what short runs want).</summary>
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
    public TrainingPrecision Precision { get; init; } = TrainingPrecision.Fp32;

    /// <summary>Smallest share of an image's area that a random crop keeps.</summary>
    [Range(0.01, 1.0)]
    public double MinimumCropScale { get; init; } = 0.08;

    /// <summary>Whether half the images are mirrored.</summary>
    public bool HorizontalFlip { get; init; } = true;

    /// <summary>How far brightness may go, a factor from 1 − this to 1 + this; 0: unchanged. This and the next three are torchvision's ColorJitter.</summary>
    [Range(0.0, 10.0)]
    public double BrightnessJitter { get; init; }

    /// <summary>How far contrast may go, as <see cref="BrightnessJitter"/>.</summary>
    [Range(0.0, 10.0)]
    public double ContrastJitter { get; init; }

    /// <summary>How far saturation may go, as <see cref="BrightnessJitter"/>.</summary>
    [Range(0.0, 10.0)]
    public double SaturationJitter { get; init; }

    /// <summary>How far hues may turn to either side, as a share of the colour circle; 0: unchanged.</summary>
    [Range(0.0, 0.5)]
    public double HueJitter { get; init; }

    /// <summary>Operations that RandAugment draws for each image, usually 2; 0: off.</summary>
    [Range(0, 16)]
    public int RandAugmentOperations { get; init; }

    /// <summary>How strong they are, from 0 to 30.</summary>
    [Range(0, 30)]
    public int RandAugmentMagnitude { get; init; } = 9;

    /// <summary>Share of the images of which a random rectangle is erased, such as 0.1.</summary>
    [Range(0.0, 1.0)]
    public double ErasingProbability { get; init; }

    /// <summary>The part of the recipe that the trainer follows, before it is known how many samples there are.</summary>
    public TrainingOptions ToOptions() => new()
    {
        Seed = Seed,
        EpochCount = EpochCount,
        BatchSize = BatchSize,
        MicroBatchSize = MicroBatchSize,
        LastBatch = LastBatch,
        Optimizer = Optimizer,
        LearningRate = LearningRate,
        LearningRateBatchSize = LearningRateBatchSize,
        Schedule = LearningRateSchedule,
        LearningRateMilestones = LearningRateMilestones,
        LearningRateFactor = LearningRateFactor,
        WarmUpSteps = WarmUpSteps,
        Momentum = Momentum,
        Nesterov = Nesterov,
        WeightDecay = WeightDecay,
        DecaysNormsAndBiases = DecaysNormsAndBiases,
        AdamBeta1 = AdamBeta1,
        AdamBeta2 = AdamBeta2,
        RmspropAlpha = RmspropAlpha,
        RmspropCentered = RmspropCentered,
        OptimizerEpsilon = OptimizerEpsilon,
        GradientClipNorm = GradientClipNorm,
        LabelSmoothing = LabelSmoothing,
        CutMixAlpha = CutMixAlpha,
        MixupAlpha = MixupAlpha,
        MixProbability = MixProbability,
        EmaDecay = EmaDecay,
        EmaRampsUp = EmaRampsUp,
        FrozenLayers = FrozenLayers,
        EarlyStoppingPatience = EarlyStoppingPatience,
        Precision = Precision,
    };

    /// <summary>How batches are made of shards.</summary>
    /// <param name="lastBatch">As the run began, which may have been in a version that kept it.</param>
    /// <param name="threadCount">Threads that decode.</param>
    internal BatchLoaderOptions ToLoaderOptions(LastBatch lastBatch, int threadCount) => new()
    {
        DropsLast = lastBatch == LastBatch.Drop,
        BatchSize = BatchSize,
        ImageSize = ImageSize,
        ClassCount = NumberOfClasses,
        Seed = Seed,
        Augmentation = ToAugmentation(),
        RequiresLabels = Teacher is null,
        ThreadCount = threadCount,
    };

    private Augmentation ToAugmentation() => new(MinimumCropScale, HorizontalFlip)
    {
        BrightnessJitter = BrightnessJitter,
        ContrastJitter = ContrastJitter,
        SaturationJitter = SaturationJitter,
        HueJitter = HueJitter,
        RandAugmentOperations = RandAugmentOperations,
        RandAugmentMagnitude = RandAugmentMagnitude,
        ErasingProbability = ErasingProbability,
    };
}
