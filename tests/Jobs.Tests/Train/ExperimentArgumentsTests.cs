using System.Text.Json;
using System.Text.Json.Nodes;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class ExperimentArgumentsTests
{
    private static readonly ExperimentConfig W32 = new()
    {
        Name = "w32.yaml",
        Architecture = HrNetVariant.Parse("w32").Architecture,
        ClassCount = 7,
        ImageSize = 192,
        GpuCount = 4,
        BatchSizePerGpu = 16,
        EpochCount = 60,
        Optimizer = OptimizerKind.Sgd,
        LearningRate = 0.02,
        LearningRateMilestones = [-10, 20, 50],
        LearningRateFactor = 0.2,
        Momentum = 0.8,
        Nesterov = false,
        WeightDecay = 5e-5,
        PrintInterval = 1000,
        Remarks = [],
    };

    [Fact]
    public void Of_FillsTheRecipeOfATrainJob()
    {
        TrainArguments arguments = Parse(ExperimentArguments.Of(W32));

        Assert.Equal(("w32", null, 7, 192), (arguments.Variant, arguments.Architecture, arguments.ClassCount, arguments.ImageSize));
        Assert.Equal((60, 64, 0.02, 0.2), (arguments.EpochCount, arguments.BatchSize, arguments.LearningRate, arguments.LearningRateFactor));
        Assert.Equal((OptimizerKind.Sgd, 16, LastBatch.Keep), (arguments.Optimizer, arguments.MicroBatchSize, arguments.LastBatch));
        Assert.Equal([-10, 20, 50], arguments.LearningRateMilestones);
        Assert.Equal((0.8, false, 5e-5, 1000), (arguments.Momentum, arguments.Nesterov, arguments.WeightDecay, arguments.MetricsInterval));
    }

    [Fact]
    public void Of_GivesEachOptimizerItsOwn()
    {
        TrainArguments adam = Parse(ExperimentArguments.Of(W32 with { Optimizer = OptimizerKind.Adam, WeightDecay = 0, GpuCount = 1 }));
        TrainArguments rmsprop = Parse(ExperimentArguments.Of(W32 with { Optimizer = OptimizerKind.Rmsprop, RmspropAlpha = 0.9, RmspropCentered = true }));

        Assert.Equal((OptimizerKind.Adam, 0, 16, null), (adam.Optimizer, adam.WeightDecay, adam.BatchSize, adam.MicroBatchSize));
        Assert.Equal((OptimizerKind.Rmsprop, 0.9, true, 0.8), (rmsprop.Optimizer, rmsprop.RmspropAlpha, rmsprop.RmspropCentered, rmsprop.Momentum));
    }

    [Fact]
    public void Of_CarriesACustomNetworkAsItsNumbers()
    {
        HrNetArchitecture custom = HrNetArchitecture.Uniform(1, 16, (1, 1, 1), 1, 8) with { Stage3 = new HrNetStage(2, [1, 2, 1], [8, 12, 20]) };

        TrainArguments arguments = Parse(ExperimentArguments.Of(W32 with { Architecture = custom }));

        Assert.Null(arguments.Variant);
        Assert.Equal(custom, arguments.Architecture);
        Assert.Equal(custom, ((TrainArguments)KindTable.Default.Parse("train", JobKinds.Write(arguments))).Architecture); // as the ledger keeps it
    }

    [Theory]
    [InlineData("{}", "variant: give variant or architecture")]
    [InlineData("""{"variant":"w18","architecture":{"stage1":{"blockCount":1,"width":8}}}""", "variant: give variant or architecture, not both")]
    [InlineData("""{"architecture":{"stage1":{"blockCount":1,"width":8}}}""", "architecture: stage2: moduleCount, blockCounts and widths are needed")]
    [InlineData("""{"architecture":{"stage5":{}}}""", "architecture: it has the unknown field stage5")]
    [InlineData("""{"architecture":"w18"}""", "architecture: an object is needed, this is \"w18\"")]
    public void Arguments_AreRefused_WhereTheyMakeNoNetwork(string fields, string expected)
    {
        var refused = Assert.Throws<JobArgumentsException>(() => Parse(JsonNode.Parse(fields)!.AsObject()));

        Assert.Contains(refused.Faults, fault => fault.StartsWith(expected, StringComparison.Ordinal));
    }

    private static TrainArguments Parse(JsonObject fields)
    {
        fields["data"] = "blob://local/data/t.tar";
        fields["output"] = "blob://local/runs/";
        fields["classCount"] ??= 2;
        return (TrainArguments)KindTable.Default.Parse("train", JsonSerializer.SerializeToElement(fields));
    }
}
