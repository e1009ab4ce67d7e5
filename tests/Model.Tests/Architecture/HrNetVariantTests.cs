using HrNetBatch.Model.Architecture;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Architecture;

public sealed class HrNetVariantTests
{
    [Theory]
    [InlineData("w18_small_v1", "w18_small_v1")]
    [InlineData("hrnet_w18_small", "w18_small_v1")]
    [InlineData("HRNet-W18-C-Small-v2", "w18_small_v2")]
    [InlineData("hrnet_w18", "w18")]
    [InlineData("HRNET-W64-C", "w64")]
    public void Parse_KnowsOurNamesTimmsAndTheOriginals(string name, string expected) =>
        Assert.Equal(expected, HrNetVariant.Parse(name).Name);

    [Fact]
    public void Parse_ListsTheValidNames_WhenThereIsNoSuchVariant()
    {
        var error = Assert.Throws<ArgumentException>(() => HrNetVariant.Parse("resnet50"));
        Assert.Contains("'resnet50'", error.Message, StringComparison.Ordinal);
        Assert.Contains("w18_small_v1, w18_small_v2, w18, w30, w32, w40, w44, w48, w64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recognize_SaysWhatIsMissing_WhenTheStateDictIsOfAnotherNetwork()
    {
        using Tensor weight = zeros(8, 3, 3, 3);
        var error = Assert.Throws<ArgumentException>(() => HrNetShape.Recognize(new Dictionary<string, Tensor> { ["features.0.weight"] = weight }));
        Assert.Contains("layer1.0.conv1.weight", error.Message, StringComparison.Ordinal);
        Assert.Contains("features.0.weight", error.Message, StringComparison.Ordinal);
    }
}
