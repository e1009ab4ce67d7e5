using HrNetBatch.Jobs.Train;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Cli.Demo;

/// <summary>
/// How the demo trains: every value in one place, chosen for a few minutes on two cores. It has not been shown to beat the
/// baseline, for which every picture it is asked about is among its training images, drawn by the other vendor.
/// </summary>
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

    /// <summary>Top-1 of the nearest neighbour among the training images, by their pixels at 16×16: what longer training must beat.</summary>
    public const double Baseline = 0.613;

    /// <summary>Below this something is broken, whatever the luck of the run: always naming the largest class gives 0.202.</summary>
    public const double LeastAccuracy = 0.4;

    /// <summary>The train job's arguments.</summary>
    public static TrainArguments Train(string shards, string validationShards, string output, IReadOnlyList<string> labels) => new()
    {
        Data = shards,
        ValidationData = validationShards,
        Output = output,
        Labels = labels,
        Variant = Variant,
        ImageSize = ImageSize,
        EpochCount = 5,
        BatchSize = 16,
        LearningRate = 0.02,
        LearningRateSchedule = LearningRateSchedule.Cosine,
        WarmUpSteps = 60,
        WeightDecay = 5e-4,
        MinimumCropScale = 0.5,
        CheckpointInterval = TimeSpan.FromMinutes(1),
        Seed = 1,
    };
}
