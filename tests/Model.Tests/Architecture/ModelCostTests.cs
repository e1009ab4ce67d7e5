using System.Globalization;
using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Model.Tests.Architecture;

public sealed class ModelCostTests
{
    /// <summary>The original's README, and timm's results/benchmark-infer-*.csv.</summary>
    [Theory]
    [InlineData("w18_small_v1", "1.49", 1.61)]
    [InlineData("w18_small_v2", "2.42", 2.62)]
    [InlineData("w18", "3.99", 4.32)]
    [InlineData("w30", "7.55", 8.15)]
    [InlineData("w32", "8.31", 8.97)]
    [InlineData("w40", "11.8", 12.75)]
    [InlineData("w44", "13.9", 14.94)]
    [InlineData("w48", "16.1", 17.34)]
    [InlineData("w64", "26.9", 28.97)]
    public void Of_GivesThePublishedFigures(string name, string original, double timm)
    {
        HrNetVariant variant = HrNetVariant.Parse(name);

        var cost = ModelCost.Of(variant.Architecture, classCount: 1000, imageSize: 224);

        Assert.Equal(variant.ParameterCount, cost.ParameterCount);
        Assert.Equal(original, cost.OriginalGFlops.ToString(original.Length == 4 && original[1] == '.' ? "0.00" : "0.0", CultureInfo.InvariantCulture));
        Assert.Equal(timm, Math.Round(cost.TimmGMacs, 2));
    }

    [Theory]
    [InlineData("w18", 7.14)]
    [InlineData("w48", 28.66)]
    public void Of_GivesTimmsFigures_AtAnotherSize(string name, double timm) =>
        Assert.Equal(timm, Math.Round(ModelCost.Of(HrNetVariant.Parse(name).Architecture, 1000, imageSize: 288).TimmGMacs, 2));

    [Fact]
    public void Of_CountsTheParametersOfACustomNetwork()
    {
        using var network = new HrNet(CustomArchitecture.Uneven, classCount: 7);

        Assert.Equal(network.parameters().Sum(parameter => parameter.numel()), ModelCost.Of(CustomArchitecture.Uneven, 7, 32).ParameterCount);
    }
}
