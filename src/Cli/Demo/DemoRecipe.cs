using HrNetBatch.Jobs.Train;

namespace HrNetBatch.Cli.Demo;

/// <summary>How the demo trains: every value in one place, chosen to end well above the baseline within a few minutes on two cores.</summary>
internal static class DemoRecipe
{
    /// <summary>The smallest network of the family.</summary>
    public const string Variant = "w18_small_v1";

    /// <summary>The images' own size.</summary>
    public const int ImageSize = 64;

    /// <summary>Shards of the training images: more than one, so that their order matters.</summary>
    public const int TrainShardCount = 4;

    /// <summary>Shards of the validation images.</summary>
    public const int ValidationShardCount = 2;

    /// <summary>Top-1 of the nearest neighbour among the training images, by their pixels at 16×16: what learning must beat.</summary>
    public const double Baseline = 0.613;

    /// <summary>Below this something is broken, whatever the luck of the run.</summary>
    public const double LeastAccuracy = Baseline;

    /// <summary>The train job's arguments.</summary>
    public static TrainArguments Train(string shards, string validationShards, string output, IReadOnlyList<string> labels) => new()
    {
        Shards = shards,
        ValidationShards = validationShards,
        Output = output,
        Labels = labels,
        Variant = Variant,
        ImageSize = ImageSize,
        EpochCount = 12,
        BatchSize = 32,
        LearningRate = 0.05,
        LearningRateMilestones = [8, 10],
        MinimumCropScale = 0.5,
        CheckpointInterval = TimeSpan.FromMinutes(1),
        Seed = 1,
    };
}
