using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Model.Tests.Evaluation;

public sealed class MeterLineTests
{
    /// <summary>The expected line is what Python's format() makes of the msg in the original's validate(): Time 0.25 s a batch, loss 0.987654, 713 and 921 of 1000 right.</summary>
    [Fact]
    public void Of_IsTheOriginalsLine()
    {
        var report = new EvaluationReport
        {
            Result = new EvaluationResult(0.987654, 0.713, 0.921, 1000),
            Calibration = new Calibration(),
            Confusion = new ConfusionMatrix(2),
            Classes = [],
            Mistakes = [],
            BatchCount = 8,
            Duration = TimeSpan.FromSeconds(2),
        };

        Assert.Equal("Test: Time 0.250\tLoss 0.9877\tError@1 28.700\tError@5 7.900\tAccuracy@1 71.300\tAccuracy@5 92.100\t", MeterLine.Of(report));
    }
}
