using System.ComponentModel.DataAnnotations;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>What the recipe says of the data: their number, and how they are augmented.</summary>
public sealed partial record TrainArguments
{
    /// <summary>
    /// Samples of an epoch. Needed no more: what the data say, or a count, is taken, which this spares for <c>cosinePerStep</c>. A number that is wrong is
    /// corrected, or refused after the first epoch. Null: found out.
    /// </summary>
    [Range(1.0, 1e12)]
    public long? SampleCount { get; init; }

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
