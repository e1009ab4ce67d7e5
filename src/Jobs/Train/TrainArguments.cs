using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Train;

/// <summary>What a train job is asked to do.</summary>
public sealed record TrainArguments : IJobArguments
{
    /// <inheritdoc/>
    public static string Kind => "train";

    /// <summary>WebDataset tar shards: <c>blob://ALIAS/container/train-{000..009}.tar</c>, or a prefix.</summary>
    [Required]
    public required string Shards { get; init; }

    /// <summary>Shards to validate on after each epoch; null: no validation.</summary>
    public string? ValidationShards { get; init; }

    /// <summary>Name of the network.</summary>
    [Required]
    public required string Variant { get; init; }

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
    public int BatchSize { get; init; } = 32;

    /// <summary>Learning rate before the first milestone.</summary>
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

    /// <summary>Epochs after which the learning rate is multiplied by <see cref="LearningRateFactor"/>.</summary>
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

    /// <summary>Longest time between two checkpoints: what a kill costs at most.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Smallest share of an image's area that a random crop keeps.</summary>
    [Range(0.01, 1.0)]
    public double MinimumCropScale { get; init; } = 0.08;

    /// <summary>Whether half the images are mirrored.</summary>
    public bool HorizontalFlip { get; init; } = true;

    /// <summary>A checkpoint to start from; null: random weights.</summary>
    [BlobPath]
    public string? InitialCheckpoint { get; init; }

    /// <inheritdoc/>
    public IEnumerable<string> Faults()
    {
        if (ClassCount is null && Labels is null)
            yield return "labels: give labels or classCount";
        if (ClassCount is { } count && Labels is { } labels && count != labels.Count)
            yield return $"classCount: is {count}, but labels names {labels.Count} classes";
        if (Labels is { Count: < 2 })
            yield return "labels: at least two classes are needed";
        if (ImageSize % 32 != 0)
            yield return $"imageSize: a multiple of 32 is needed, this is {ImageSize}";
    }
}
