using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Tests.Goldens;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Architecture;

[Collection(nameof(TorchThreads))]
public sealed class HrNetArchitectureTests
{
    private static HrNetArchitecture W18 => HrNetVariant.Parse("w18").Architecture;

    [Fact]
    public async Task CustomNetwork_IsRecognizedLoadedAndFolded()
    {
        using var replica = new TorchThreads(count: 1, threadsEach: 1);
        await replica.RunAsync(
            () =>
            {
                using DisposeScope scope = NewDisposeScope();
                using IDisposable noGradients = no_grad();
                using var network = new HrNet(CustomArchitecture.Uneven, 7);
                FormulaWeights.Fill(network);
                network.eval();
                Dictionary<string, Tensor> stateDict = network.state_dict();
                Tensor images = FormulaWeights.Images(), expected = network.call(images);

                HrNetShape shape = HrNetShape.Recognize(stateDict);
                Assert.Equal(new HrNetShape(CustomArchitecture.Uneven, 7), shape);
                Assert.Equal((null, "custom"), (shape.Variant, shape.VariantName));

                using var copy = new HrNet(shape.Architecture, shape.ClassCount, seed: 9);
                StateDictLoader.Load(copy, stateDict);
                copy.eval();
                Assert.True(copy.call(images).allclose(expected, 0, 0));

                foreach (bool fused in (bool[])[false, true])
                {
                    using var folded = new FoldedHrNet(stateDict, shape.Architecture, images.shape, CPU, fused);
                    double difference = (folded.Forward(images) - expected).abs().max().ToDouble();
                    Assert.True(difference <= 1e-3 && expected.abs().max().ToDouble() > 0.1, $"{difference}");
                }
                return true;
            },
            TestContext.Current.CancellationToken);
    }

    [Fact]
    public void CustomNetwork_HasATransitionExactlyWhereAWidthChanges()
    {
        using var network = new HrNet(CustomArchitecture.Uneven, 7);

        Assert.Equal(
            ["transition1.1.0.0.weight", "transition2.0.0.weight", "transition2.1.0.weight", "transition2.2.0.0.weight",
                "transition3.0.0.weight", "transition3.2.0.weight", "transition3.3.0.0.weight"],
            network.state_dict().Where(entry => entry.Key.StartsWith("transition", StringComparison.Ordinal) && entry.Value.dim() == 4).Select(entry => entry.Key));
    }

    [Fact]
    public void Architectures_AreEqual_WhereTheirNumbersAre()
    {
        HrNetArchitecture same = W18 with { Stage3 = new HrNetStage(4, [4, 4, 4], [18, 36, 72]) };
        HrNetArchitecture other = W18 with { Stage3 = new HrNetStage(4, [4, 4, 4], [18, 36, 73]) };

        Assert.Equal(W18, same);
        Assert.Equal(W18.GetHashCode(), same.GetHashCode());
        Assert.Equal("w18", HrNetVariant.NameOf(same));
        Assert.Equal("custom", HrNetVariant.NameOf(other));
    }

    [Fact]
    public void Constructor_ListsEveryFault()
    {
        var faulty = new HrNetArchitecture(new HrNetStage1(0, 64), new HrNetStage(1, [4, 4, 4], [18, 36]), null!, W18.Stage4 with { Widths = [18, 36, 72, 9000] });

        string message = Assert.Throws<ArgumentException>(() => new HrNet(faulty, 10)).Message;

        Assert.Contains("stage1: blockCount must lie between 1 and 256, this is 0", message, StringComparison.Ordinal);
        Assert.Contains("stage2: has 2 branches, so 2 blockCounts and widths are needed; these are 3 and 2", message, StringComparison.Ordinal);
        Assert.Contains("stage3: moduleCount, blockCounts and widths are needed", message, StringComparison.Ordinal);
        Assert.Contains("stage4: widths must lie between 1 and 8192, this is 9000", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recognize_RefusesANetworkTooLargeToMake_BeforeMakingIt()
    {
        using DisposeScope scope = NewDisposeScope();
        using var network = new HrNet(CustomArchitecture.Uneven, 7);
        Dictionary<string, Tensor> hostile = network.state_dict();
        foreach (int branch in Enumerable.Range(0, 4))
            hostile[$"stage4.0.branches.{branch}.0.conv1.weight"] = zeros(1).expand(8000, 8000, 3, 3);

        string message = Assert.Throws<ArgumentException>(() => HrNetShape.Recognize(hostile)).Message;

        Assert.Contains("at most 1,000,000,000 are accepted", message, StringComparison.Ordinal);
    }
}
