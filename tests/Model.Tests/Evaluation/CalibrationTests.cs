using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Model.Tests.Evaluation;

public sealed class CalibrationTests
{
    /// <summary>Worked out by hand: 0.9 and 0.92 share the bin (13/15, 14/15], with one of two right; 0.3 lies alone, wrong.</summary>
    [Fact]
    public void Error_IsTheMeanDistanceOfConfidenceAndAccuracy_OverTheBins()
    {
        var calibration = new Calibration();
        calibration.Add(0.9, isRight: true);
        calibration.Add(0.92, isRight: false);
        calibration.Add(0.3, isRight: false);

        Assert.Equal(((2 * Math.Abs(0.5 - 0.91)) + 0.3) / 3, calibration.Error, 1e-12);
        Assert.Equal(15, calibration.Bins.Count());
        Assert.Equal([1, 2], calibration.Bins.Where(bin => bin.Count > 0).Select(bin => bin.Count));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1 / 15.0, 0)]        // an upper edge belongs to its bin
    [InlineData(1.0000001 / 15, 1)]
    [InlineData(1, 14)]
    public void Bins_HaveTheirUpperEdge(double confidence, int bin)
    {
        var calibration = new Calibration();
        calibration.Add(confidence, isRight: true);

        Assert.Equal(1, calibration.Bins.ElementAt(bin).Count);
    }

    [Fact]
    public void Error_IsNone_WhereAProbabilityIsNone()
    {
        var calibration = new Calibration();
        calibration.Add(0.5, isRight: true);
        calibration.Add(double.NaN, isRight: false);

        Assert.True(double.IsNaN(calibration.Error));
    }
}
