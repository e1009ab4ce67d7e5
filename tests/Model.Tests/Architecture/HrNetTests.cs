using HrNetBatch.Model.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Architecture;

public sealed class HrNetTests
{
    private static readonly HrNetVariant Small = HrNetVariant.Parse("w18_small_v1");

    [Fact]
    public void StateDict_NamesAreTheOriginals()
    {
        using var network = new HrNet(Small, 9);
        HashSet<string> names = [.. network.state_dict().Keys];

        string[] expected =
        [
            "conv1.weight", "bn1.running_mean", "layer1.0.downsample.0.weight", "layer1.0.bn3.num_batches_tracked",
            "transition1.0.0.weight", "transition1.1.0.0.weight", "transition2.2.0.1.bias", "transition3.3.0.0.weight",
            "stage2.0.branches.1.1.conv2.weight", "stage3.0.fuse_layers.0.2.1.weight", "stage3.0.fuse_layers.2.0.1.0.weight",
            "stage4.0.fuse_layers.3.0.2.1.running_var", "incre_modules.3.0.conv1.weight", "downsamp_modules.2.0.bias",
            "final_layer.0.bias", "classifier.weight",
        ];
        Assert.Superset(expected.ToHashSet(), names);
        Assert.DoesNotContain(names, name => name.Contains("fuse_layers.1.1", StringComparison.Ordinal));
        Assert.DoesNotContain("transition2.0.0.weight", names);
    }

    [Fact]
    public void Constructor_MakesTheSameWeights_FromTheSameSeed()
    {
        using var first = new HrNet(Small, 9, seed: 7);
        manual_seed(123);
        using var second = new HrNet(Small, 9, seed: 7);
        using var other = new HrNet(Small, 9, seed: 8);

        Assert.All(first.state_dict(), entry => Assert.True(entry.Value.allclose(second.state_dict()[entry.Key], 0, 0)));
        Assert.False(first.state_dict()["conv1.weight"].allclose(other.state_dict()["conv1.weight"]));
    }

    [Theory]
    [InlineData(32, 32)]
    [InlineData(64, 96)]
    public void Forward_GivesLogitsOfEachImage_AtAnyMultipleOf32(int height, int width)
    {
        using var network = new HrNet(Small, 9);
        network.eval();
        using Tensor input = randn(2, 3, height, width);

        using Tensor logits = network.call(input);

        Assert.Equal([2, 9], logits.shape);
        Assert.True(logits.isfinite().all().ToBoolean());
    }

    [Fact]
    public void Forward_RefusesOtherSizes_AndNamesTheNearestThatFits()
    {
        using var network = new HrNet(Small, 9);
        using Tensor input = zeros(1, 3, 220, 64);

        var error = Assert.Throws<ArgumentException>(() => network.call(input));
        Assert.Contains("multiples of 32, not 220×64; the nearest that fits is 224×64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Backward_ReachesEveryParameter()
    {
        using var scope = NewDisposeScope();
        using var network = new HrNet(Small, 9);
        network.train();

        network.call(randn(4, 3, 64, 64)).square().mean().backward();

        Assert.All(network.named_parameters(), entry => Assert.True(entry.parameter.grad?.abs().sum().ToSingle() > 0, entry.name));
    }

    [Fact]
    public void Training_KeepsChannelsLast_WhenWeightsAndInputAre()
    {
        using var scope = NewDisposeScope();
        using var network = new HrNet(Small, 9);
        network.eval();
        Tensor input = randn(2, 3, 64, 64);
        Tensor expected = network.call(input);

        network.ToChannelsLast();

        Tensor logits = network.call(ChannelsLast.Of(input));
        Assert.Equal([27, 1, 9, 3], network.state_dict()["conv1.weight"].stride());
        Assert.True(logits.allclose(expected, 1e-4, 1e-4), $"{(logits - expected).abs().max().ToSingle()}");
    }

    [Fact]
    public void ZeroResiduals_LeavesOfEveryBlockItsShortcut()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 2);
        network.ZeroResiduals();

        string[] zeros = [.. network.named_parameters().Where(pair => pair.parameter.ndim == 1 && !pair.name.EndsWith(".bias", StringComparison.Ordinal) && pair.parameter.abs().max().ToSingle() == 0)
            .Select(pair => pair.name)];

        // Stage 1 has one bottleneck and the head four; stages 2 to 4 have 2, 3 and 4 branches of two basic blocks each.
        Assert.Equal(1 + 4, zeros.Count(name => name.EndsWith(".bn3.weight", StringComparison.Ordinal)));
        Assert.Equal((2 + 3 + 4) * 2, zeros.Count(name => name.Contains(".branches.", StringComparison.Ordinal) && name.EndsWith(".bn2.weight", StringComparison.Ordinal)));
        Assert.Equal(1 + 4 + (2 + 3 + 4) * 2, zeros.Length);
    }
}
