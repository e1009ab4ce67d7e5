using HrNetBatch.Model.Architecture;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Architecture;

public sealed class HrNetTensorsTests
{
    [Theory]
    [InlineData("w18_small_v1")]
    [InlineData("w18_small_v2")]
    [InlineData("w18")]
    public void Of_IsTheNetworksStateDict(string variant) => AssertSame(HrNetVariant.Parse(variant).Architecture);

    [Fact]
    public void Of_IsTheNetworksStateDict_AlsoOfCustomWidthsAndDepths() =>
        AssertSame(new HrNetArchitecture(new(2, 8), new(1, [1, 2], [32, 6]), new(2, [1, 1, 3], [32, 7, 9]), new(1, [2, 1, 1, 1], [5, 7, 9, 11])));

    private static void AssertSame(HrNetArchitecture architecture)
    {
        using var network = new HrNet(architecture, 7);
        Dictionary<string, Tensor> actual = network.state_dict();
        IReadOnlyDictionary<string, TensorShape> expected = HrNetTensors.Of(architecture, 7);

        Assert.Equal(actual.Keys.Order(StringComparer.Ordinal), expected.Keys.Order(StringComparer.Ordinal));
        Assert.All(actual, pair =>
        {
            Assert.Equal(pair.Value.shape, expected[pair.Key].Sizes);
            Assert.Equal(pair.Value.dtype, expected[pair.Key].Type);
        });
    }
}
