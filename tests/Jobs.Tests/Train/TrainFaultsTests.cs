using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class TrainFaultsTests
{
    private static readonly TrainArguments Sound = new()
    {
        Data = "blob://local/data/t.tar",
        ValidationData = "blob://local/data/v.tar",
        Output = "blob://local/runs/",
        Variant = "w18_small_v1",
        ClassCount = 3,
    };

    public static TheoryData<TrainArguments, string> Unsound => new()
    {
        { Sound with { MicroBatchSize = 129 }, "microBatchSize: is 129, more than the batch's 128 images" },
        { Sound with { BatchSize = 1, ImageSize = 32 }, "batchSize: batch norm takes no statistics from one image of 32×32" },
        { Sound with { EarlyStoppingPatience = 3, ValidationData = null }, "earlyStoppingPatience: needs validationData" },
        { Sound with { EarlyStoppingPatience = 3, ValidationInterval = 4 }, "earlyStoppingPatience: must be at least validationInterval (4)" },
        { Sound with { ZeroInitResidual = true, InitialCheckpoint = "blob://local/a/b.pth" }, "zeroInitResidual: is for random weights" },
        { Sound with { Teacher = "model:teacher", LabelSmoothing = 0.1 }, "labelSmoothing: smooths labels" },
        { Sound with { FrozenLayers = ["layer1", "stage5"] }, "frozenLayers: there is no layer 'stage5'; there are conv1, bn1, conv2, bn2, layer1, transition1, stage2" },
        { Sound with { FrozenLayers = ["stage2.3"] }, "frozenLayers: there is no layer 'stage2.3'" },
        { Sound with { ClassCount = null, Labels = ["ant", "ant", "cat"] }, "labels: 'ant' stands twice" },
        { Sound with { ClassCount = null, Labels = ["ant", "b\u0007ee", "cat"] }, "labels: 'b\\u0007ee' has a control character" },
        { Sound with { FrozenLayers = [" "] }, "frozenLayers: holds an empty name" },
        {
            Sound with { FrozenLayers = [.. "conv1 bn1 conv2 bn2 layer1 transition1 stage2 transition2 stage3 transition3 stage4 incre_modules downsamp_modules final_layer classifier".Split(' ')] },
            "frozenLayers: every layer is frozen"
        },
    };

    [Theory]
    [MemberData(nameof(Unsound))]
    public void Of_SaysWhatDoesNotFitTogether(TrainArguments arguments, string expected)
        => Assert.StartsWith(expected, Assert.Single(arguments.Faults()), StringComparison.Ordinal);

    [Fact]
    public void Of_HasNothingAgainstAWholeRecipe() => Assert.Empty((Sound with
    {
        MicroBatchSize = 32,
        LearningRateSchedule = LearningRateSchedule.CosinePerStep,   // the data say how long an epoch is
        EarlyStoppingPatience = 3,
        LabelSmoothing = 0.1,
        FrozenLayers = ["conv1", "bn1", "layer1", "stage2.0.branches.1"],
    }).Faults());
}
