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

    private static TrainingOptions Cosine => new() { EpochCount = 10, LearningRate = 0.1, Schedule = LearningRateSchedule.Cosine };
}
