using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class TrainMetersTests
{
    /// <summary>The expected line is what Python's format() makes of the msg in the original's train().</summary>
    [Fact]
    public void Line_IsTheOriginals_WithMeansSinceTheEpochBegan()
    {
        var meters = new TrainMeters(new TrainingOptions { BatchSize = 4, LastBatch = LastBatch.Keep });
        meters.Add(Step(epoch: 0, cursor: 12, loss: 9, top1: 0, top5: 0, sampleCount: 4, milliseconds: 900));   // another epoch's
        meters.Add(Step(epoch: 1, cursor: 4, loss: 2, top1: 0.25, top5: 0.5, sampleCount: 4, milliseconds: 500));
        TrainingStep last = Step(epoch: 1, cursor: 6, loss: 1, top1: 0.5, top5: 1, sampleCount: 2, milliseconds: 250);
        meters.Add(last);

        Assert.Equal(
            "Epoch: [1][1/3]\tTime 0.250s (0.375s)\tSpeed 8.0 samples/s\tData 0.025s (0.038s)\tLoss 1.00000 (1.66667)\tAccuracy@1 50.000 (33.333)\tAccuracy@5 100.000 (66.667)\t",
            meters.Line(last, sampleCount: 10));
        Assert.StartsWith("Epoch: [1][1/?]\t", meters.Line(last, sampleCount: null), StringComparison.Ordinal);
    }

    [Fact]
    public void Line_CountsTheBatchesThatAreSteps()
    {
        var meters = new TrainMeters(new TrainingOptions { BatchSize = 4, LastBatch = LastBatch.Drop });
        TrainingStep last = Step(epoch: 0, cursor: 8, loss: 1, top1: 0.5, top5: 1, sampleCount: 4, milliseconds: 250);
        meters.Add(last);

        Assert.StartsWith("Epoch: [0][1/2]\t", meters.Line(last, sampleCount: 10), StringComparison.Ordinal);
    }

    private static TrainingStep Step(int epoch, long cursor, double loss, double top1, double top5, int sampleCount, int milliseconds) =>
        new(new TrainingPosition(epoch, Step: 1, cursor), 0.1, loss, top1, top5, sampleCount, TimeSpan.FromMilliseconds(milliseconds / 10.0), TimeSpan.FromMilliseconds(milliseconds));
}
