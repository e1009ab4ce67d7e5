using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Checkpoints;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.DataSets;
using HrNetBatch.Jobs.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Train;

/// <summary>
/// What a train job is asked to do. The recipe's defaults are the original's for ImageNet: SGD with Nesterov momentum over 100 epochs,
/// 0.05 at batches of 128, a tenth of it from epochs 30, 60 and 90 on.
/// </summary>
public sealed record TrainArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "train";

    /// <summary>The training data, WebDataset tar shards: <c>blob://ALIAS/container/train-{000..009}.tar</c>, or a folder or <c>prefix*</c> whose .tar blobs they are.</summary>
    [Required]
    [BlobPath]
    public required string Data { get; init; }

    /// <summary>Data to validate on after each epoch; null: no validation.</summary>
    [BlobPath]
    public string? ValidationData { get; init; }

    /// <summary>Name of a published network; null: use <see cref="Architecture"/>.</summary>
    public string? Variant { get; init; }

    /// <summary>
    /// A network of one's own: {"stage1":{"blockCount":4,"width":64},"stage2":{"moduleCount":1,"blockCounts":[4,4],"widths":[18,36]},"stage3":…,"stage4":…}.
    /// </summary>
    public HrNetArchitecture? Architecture { get; init; }

    /// <summary>Names of the classes by index; they travel in the checkpoint. Null: use <see cref="ClassCount"/>.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Number of classes; null: as many as <see cref="Labels"/>.</summary>
    [Range(2, 1_000_000)]
    public int? ClassCount { get; init; }

    /// <summary>Side of the square input, pixels; a multiple of 32.</summary>
    [Range(32, 2048)]
    public int ImageSize { get; init; } = 224;

    /// <summary>Passes over the data.</summary>
    [Range(1, 100_000)]
    public int EpochCount { get; init; } = 100;

    /// <summary>Images a step.</summary>
    [Range(1, 65_536)]
    public int BatchSize { get; init; } = 128;

    /// <summary>Learning rate before the schedule lowers it; the original's 0.05 is for batches of 128.</summary>
    [Range(1e-12, 1e3)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Momentum of SGD.</summary>
    [Range(0.0, 1.0)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>L2 penalty.</summary>
    [Range(0.0, 1.0)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Nesterov's form of momentum.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>How the learning rate falls: in <c>steps</c> as the original's, or along a <c>cosine</c>, which suits short runs.</summary>
    public LearningRateSchedule LearningRateSchedule { get; init; } = LearningRateSchedule.Steps;

    /// <summary>Steps in which the learning rate first rises to its full value; 0 as in the original.</summary>
    [Range(0, 1_000_000)]
    public int WarmUpSteps { get; init; }

    /// <summary>Epochs, counted from 0, at which the learning rate is multiplied by <see cref="LearningRateFactor"/>; those below 0 are behind from the start.</summary>
    public IReadOnlyList<int> LearningRateMilestones { get; init; } = [30, 60, 90];

    /// <summary>Factor at each milestone.</summary>
    [Range(1e-6, 1.0)]
    public double LearningRateFactor { get; init; } = 0.1;

    /// <summary>Seed of weights, order and augmentation.</summary>
    public long Seed { get; init; }

    /// <summary>Prefix for checkpoints: <c>blob://ALIAS/container/prefix</c>.</summary>
    [Required]
    [BlobPath]
    public required string Output { get; init; }

    /// <summary>Steps between two points of the training curves.</summary>
    [Range(1, 100_000)]
    public int MetricsInterval { get; init; } = 10;

    /// <summary>Longest time between two checkpoints, besides one an epoch: what a kill costs at most.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Smallest share of an image's area that a random crop keeps.</summary>
    [Range(0.01, 1.0)]
    public double MinimumCropScale { get; init; } = 0.08;

    /// <summary>Whether half the images are mirrored.</summary>
    public bool HorizontalFlip { get; init; } = true;

    /// <summary>A checkpoint to start from, a blob or a model (<c>model:NAME</c>, <c>model:NAME@VERSION</c>, <c>model:NAME@TAG</c>); null: random weights.</summary>
    [CheckpointReference]
    public string? InitialCheckpoint { get; init; }

    /// <summary>Name of a model: at success the best weights become its next version; null: they stay in the output only.</summary>
    [ModelName]
    public string? SaveAs { get; init; }

    /// <summary>Number of classes, however it was given.</summary>
    internal int NumberOfClasses => ClassCount ?? Labels!.Count;

    /// <summary>The network, however it was given.</summary>
    internal HrNetArchitecture Network => Architecture ?? HrNetVariant.Parse(Variant!).Architecture;

    /// <summary>The part of the recipe that the trainer follows.</summary>
    public TrainingOptions ToOptions() => new()
    {
        Seed = Seed,
        EpochCount = EpochCount,
        BatchSize = BatchSize,
        LearningRate = LearningRate,
        Schedule = LearningRateSchedule,
        LearningRateMilestones = LearningRateMilestones,
        LearningRateFactor = LearningRateFactor,
        WarmUpSteps = WarmUpSteps,
        Momentum = Momentum,
        Nesterov = Nesterov,
        WeightDecay = WeightDecay,
    };

    /// <summary>How batches are made of shards.</summary>
    internal BatchLoaderOptions ToLoaderOptions(int threadCount) => new()
    {
        BatchSize = BatchSize,
        ImageSize = ImageSize,
        ClassCount = NumberOfClasses,
        Seed = Seed,
        Augmentation = new Augmentation(MinimumCropScale, HorizontalFlip),
        ThreadCount = threadCount,
    };

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (ShardSet.FaultOf(Data) is { } fault)
            yield return $"data: {fault}";
        if (ShardSet.FaultOf(ValidationData) is { } validationFault)
            yield return $"validationData: {validationFault}";
        if (VariantFault() is { } variantFault)
            yield return $"variant: {variantFault}";
        foreach (string architectureFault in Architecture?.Faults() ?? [])
            yield return $"architecture: {architectureFault}";
        if (ClassCount is null && Labels is null)
            yield return "labels: give labels or classCount";
        if (ClassCount is { } count && Labels is { } labels && count != labels.Count)
            yield return $"classCount: is {count}, but labels names {labels.Count} classes";
        if (Labels is { Count: < 2 })
            yield return "labels: at least two classes are needed";
        if (ImageSize % 32 != 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
    }

    private string? VariantFault()
    {
        if (Variant is null == Architecture is null)
            return Variant is null ? "give variant or architecture" : "give variant or architecture, not both";
        try
        {
            if (Variant is not null)
                HrNetVariant.Parse(Variant);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }
}
