using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Cli.Demo;

/// <summary>
/// How the demo trains: every value in one place, chosen for a few minutes on two cores (benchmarks/Recipes says what each brought).
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

    /// <summary>
    /// Top-1 of the nearest neighbour among the training images, by their pixels at 16×16. Every picture that is asked about is
    /// among them, drawn by the other vendor. A run that is not above it has something wrong; always naming the largest class gives 0.202.
    /// </summary>
    public const double Baseline = 0.613;

    /// <summary>The train job's arguments.</summary>
    public static TrainArguments Train(string shards, string validationShards, string output, IReadOnlyList<string> labels) => new()
    {
        Data = shards,
        ValidationData = validationShards,
        Output = output,
        Labels = labels,
        Variant = Variant,
        ImageSize = ImageSize,
        EpochCount = 12,
        BatchSize = 32,
        MicroBatchSize = 16,
        LastBatch = LastBatch.Drop,
        Optimizer = OptimizerKind.Adam,
        LearningRate = 0.002,
        LearningRateSchedule = LearningRateSchedule.CosinePerStep,
        WarmUpSteps = 60,
        AdamBeta2 = 0.99,
        WeightDecay = 0,
        ZeroInitResidual = true,
        MinimumCropScale = 0.6,
        BrightnessJitter = 0.3,
        ContrastJitter = 0.3,
        SaturationJitter = 0.3,
        HueJitter = 0.05,
        ShuffleBufferSize = 2000,

        // The pictures have no margin to crop, and a validation of all of them takes as long as a fifth of an epoch.
        ValidationCropFraction = 1,
        ValidationInterval = 4,
        CheckpointInterval = TimeSpan.FromMinutes(1),
        Seed = 1,
    };
}
