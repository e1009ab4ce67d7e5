using HrNetBatch.Model.Training;

namespace HrNetBatch.Model.Tests.Training;

public sealed class LearningRateTests
{
    [Theory]
    [InlineData(0, 0.05)]
    [InlineData(29, 0.05)]
    [InlineData(30, 0.005)]
    [InlineData(59, 0.005)]
    [InlineData(60, 0.0005)]
    [InlineData(90, 0.00005)]
    [InlineData(99, 0.00005)]
    public void At_FallsAtTheOriginalsEpochs_ByDefault(int epoch, double expected) =>
        Assert.Equal(expected, LearningRate.At(new TrainingOptions(), epoch, step: epoch * 10_010L), 1e-12);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.05)]
    [InlineData(9, 0.00244717418524233)]
    public void At_FollowsHalfACosine_WhenAsked(int epoch, double expected) =>
        Assert.Equal(expected, LearningRate.At(Cosine, epoch, step: 1000), 1e-12);

    [Theory]
    [InlineData(0, 0.02)]
    [InlineData(3, 0.08)]
    [InlineData(4, 0.1)]
    [InlineData(5, 0.1)]
    public void At_RisesInAStraightLine_DuringWarmUp(long step, double expected) =>
        Assert.Equal(expected, LearningRate.At(Cosine with { WarmUpSteps = 5 }, epoch: 0, step), 1e-12);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(50, 0.05)]
    [InlineData(99, 0.1 * 2.467198171342e-4)]
    public void At_EndsNearZero_WithAValueForEveryStep(long step, double expected) =>
        Assert.Equal(expected, LearningRate.At(Cosine with { LearningRateSchedule = LearningRateSchedule.CosinePerStep, StepsPerEpoch = 10 }, (int)(step / 10), step), 1e-12);

    /// <summary>200 images in batches of 64 over 30 epochs: of 90 or 120 steps, 100 were warm-up.</summary>
    [Theory]
    [InlineData(LastBatch.Drop, 3, 9)]
    [InlineData(LastBatch.Keep, 4, 12)]
    public void ForSamples_MakesTheWarmUpATenthOfTheRunAtMost(LastBatch lastBatch, long steps, int warmUp)
    {
        var options = new TrainingOptions { BatchSize = 64, EpochCount = 30, WarmUpSteps = 100, LastBatch = lastBatch };

        Assert.Equal((steps, warmUp), (options.ForSamples(200).StepsPerEpoch, options.ForSamples(200).WarmUpSteps));
        Assert.Equal(100, options.ForSamples(64_000).WarmUpSteps);
    }

    [Theory]
    [InlineData(0, LastBatch.Keep, 0)]
    [InlineData(3, LastBatch.Keep, 1)]
    [InlineData(8, LastBatch.Keep, 2)]
    [InlineData(10, LastBatch.Keep, 3)]
    [InlineData(0, LastBatch.Drop, 0)]
    [InlineData(3, LastBatch.Drop, 1)]   // the only one
    [InlineData(4, LastBatch.Drop, 1)]
    [InlineData(7, LastBatch.Drop, 1)]
    [InlineData(10, LastBatch.Drop, 2)]
    public void EpochSteps_RoundAsTheLastBatchIs(long samples, LastBatch lastBatch, long expected) =>
        Assert.Equal(expected, EpochSteps.Of(samples, batchSize: 4, lastBatch));

    [Theory]
    [InlineData(OptimizerKind.Sgd, 256, 0.2)]
    [InlineData(OptimizerKind.Rmsprop, 32, 0.025)]
    [InlineData(OptimizerKind.Adam, 512, 0.2)]
    [InlineData(OptimizerKind.AdamW, 32, 0.05)]
    [InlineData(OptimizerKind.AdamW, 128, 0.1)]
    public void Full_IsScaledWithTheBatch_OfAdamByItsRoot(OptimizerKind optimizer, int batchSize, double expected)
    {
        var options = new TrainingOptions { Optimizer = optimizer, BatchSize = batchSize, LearningRate = 0.1, LearningRateBatchSize = 128 };

        Assert.Equal(expected, LearningRate.Full(options), 1e-12);
        Assert.Equal(expected, LearningRate.At(options, 0, 0), 1e-12);
        Assert.Equal(0.1, LearningRate.Full(options with { LearningRateBatchSize = null }));
    }

    private static TrainingOptions Cosine => new() { EpochCount = 10, LearningRate = 0.1, LearningRateSchedule = LearningRateSchedule.Cosine };
}
