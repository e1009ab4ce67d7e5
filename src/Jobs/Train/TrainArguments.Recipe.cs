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

    /// <summary>Samples of an epoch, for <c>cosinePerStep</c>, which must know where the run ends, and for the progress of the first epoch; null: found out by reading.</summary>
    [Range(1.0, 1e12)]
    public long? SampleCount { get; init; }

    /// <summary>What makes a step of the gradients, each as PyTorch's.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    /// <summary>Learning rate before the schedule lowers it; the original's 0.05 is for SGD with batches of 128.</summary>
    [Range(1e-12, 1e3)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>How the learning rate falls: in <c>steps</c> as the original's, or along a <c>cosine</c>, which suits short runs, with a value an epoch or one a step.</summary>
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.Steps;

    /// <summary>Steps in which the learning rate first rises to its full value; 0 as in the original.</summary>
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

    /// <summary>L2 penalty. The original gives Adam none: 0 does as it does.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Adam: how much of the mean gradient stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>Adam: how much of the mean squared gradient stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>RMSprop: how much of the mean squared gradient stays at each step.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double RmspropAlpha { get; init; } = 0.99;

    /// <summary>RMSprop: whether the square of the mean gradient is subtracted from the mean square.</summary>
    public bool RmspropCentered { get; init; }

    /// <summary>Adam and RMSprop: added to what gradients are divided by.</summary>
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

    /// <summary>How much of the moving average of the weights stays at each step, such as 0.9999; the average is then what is validated and what the best and final weights are. 0: no average.</summary>
    [Range(0.0, 1 - 1e-9)]
    public double EmaDecay { get; init; }

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

    /// <summary>The part of the recipe that the trainer follows.</summary>
    public TrainingOptions ToOptions() => new()
    {
        Seed = Seed,
        EpochCount = EpochCount,
        BatchSize = BatchSize,
        MicroBatchSize = MicroBatchSize,
        Optimizer = Optimizer,
        LearningRate = LearningRate,
        Schedule = LearningRateSchedule,
        LearningRateMilestones = LearningRateMilestones,
        LearningRateFactor = LearningRateFactor,
        WarmUpSteps = WarmUpSteps,
        StepsPerEpoch = LearningRateSchedule == LearningRateSchedule.CosinePerStep ? (SampleCount + BatchSize - 1) / BatchSize : null,
        Momentum = Momentum,
        Nesterov = Nesterov,
        WeightDecay = WeightDecay,
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
        FrozenLayers = FrozenLayers,
        EarlyStoppingPatience = EarlyStoppingPatience,
        Precision = Precision,
    };

    /// <summary>How batches are made of shards.</summary>
    internal BatchLoaderOptions ToLoaderOptions(int threadCount) => new()
    {
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
