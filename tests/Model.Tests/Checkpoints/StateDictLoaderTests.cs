using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Checkpoints;

public sealed class StateDictLoaderTests
{
    private sealed class Network : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> _finalLayer = nn.Sequential(nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4));
        private readonly nn.Module<Tensor, Tensor> _classifier;

        public Network(int classCount) : base("Network")
        {
            _classifier = nn.Linear(4, classCount);
            register_module("final_layer", _finalLayer);
            register_module("classifier", _classifier);
        }

        public override Tensor forward(Tensor input) => _classifier.forward(_finalLayer.forward(input).mean([2, 3]));
    }

    [Fact]
    public void Load_CopiesEveryTensor_AlsoFromHalfPrecision()
    {
        using var source = new Network(3);
        using var target = new Network(3);
        Dictionary<string, Tensor> weights = source.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.is_floating_point() ? pair.Value.@to(ScalarType.Float16) : pair.Value);

        LoadReport report = StateDictLoader.Load(target, weights);

        Assert.Equal(9, report.Copied);
        Assert.Empty(report.ZeroFilled);
        Assert.Equal(GoldenFiles.Floats(weights["classifier.weight"]), GoldenFiles.Floats(target.state_dict()["classifier.weight"]));
        Assert.Equal(ScalarType.Float32, target.state_dict()["classifier.weight"].dtype);
    }

    [Fact]
    public void Load_FillsWhatSsldConversionsLack_AndReportsIt()
    {
        using var network = new Network(3);
        Dictionary<string, Tensor> weights = network.state_dict();
        weights.Remove("final_layer.0.bias");
        weights.Remove("final_layer.1.num_batches_tracked");

        LoadReport report = StateDictLoader.Load(network, weights);

        Assert.Equal(["final_layer.0.bias", "final_layer.1.num_batches_tracked"], report.ZeroFilled);
        Assert.All(GoldenFiles.Floats(network.state_dict()["final_layer.0.bias"]), bias => Assert.Equal(0, bias));
    }

    [Fact]
    public void Load_CountsAndListsDifferences_AndChangesNothing()
    {
        using var network = new Network(3);
        using var other = new Network(5);
        Dictionary<string, Tensor> weights = other.state_dict();
        weights.Remove("final_layer.0.weight");
        weights["stage9.weight"] = weights["classifier.bias"];
        float[] before = GoldenFiles.Floats(network.state_dict()["final_layer.0.bias"]);

        var error = Assert.Throws<CheckpointException>(() => StateDictLoader.Load(network, weights));

        Assert.Contains("1 missing (final_layer.0.weight); 1 unexpected (stage9.weight); 2 of another shape (classifier.weight (network [3, 4], file [5, 4]), ", error.Message, StringComparison.Ordinal);
        Assert.Contains("ask for a new classifier", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, GoldenFiles.Floats(network.state_dict()["final_layer.0.bias"]));
    }

    [Fact]
    public void Load_KeepsTheNewClassifier_OnlyWhenAsked()
    {
        using var network = new Network(3);
        using var other = new Network(5);
        float[] fresh = GoldenFiles.Floats(network.state_dict()["classifier.weight"]);

        LoadReport report = StateDictLoader.Load(network, other.state_dict(), keepNewClassifier: true);

        Assert.Equal(["classifier.weight", "classifier.bias"], report.Reinitialized);
        Assert.Equal(fresh, GoldenFiles.Floats(network.state_dict()["classifier.weight"]));
    }

    [Fact]
    public void Load_BringsBackAWholeHrNet_ThroughAFile()
    {
        using var original = new HrNet(HrNetVariant.Parse("w18_small_v1"), 9, seed: 7);
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, original.state_dict());

        using Checkpoint checkpoint = CheckpointReader.Read(file, "best.pth");
        HrNetShape shape = HrNetShape.Recognize(checkpoint.StateDict);
        using var copy = new HrNet(shape.Architecture, shape.ClassCount, seed: 8);
        LoadReport report = StateDictLoader.Load(copy, checkpoint.StateDict);

        Assert.Equal(original.state_dict().Count, report.Copied);
        Dictionary<string, Tensor> loaded = copy.state_dict();
        Assert.All(original.state_dict(), pair => Assert.True(pair.Value.equal(loaded[pair.Key]).all().item<bool>(), pair.Key));
    }

    [Fact]
    public void Load_RefusesWholeNumbers_WhereTheNetworkHasFloats()
    {
        using var network = new Network(3);
        Dictionary<string, Tensor> weights = network.state_dict();
        weights["classifier.weight"] = weights["classifier.weight"].@to(ScalarType.Int8);

        var error = Assert.Throws<CheckpointException>(() => StateDictLoader.Load(network, weights));
        Assert.Contains("1 of whole numbers (classifier.weight (Int8)). Quantised weights are not read", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Load_ConvertsOtherPrecisions_AndSaysSo(ScalarType type)
    {
        using var network = new Network(3);
        Dictionary<string, Tensor> weights = network.state_dict().ToDictionary(pair => pair.Key, pair => pair.Value.is_floating_point() ? pair.Value.@to(type) : pair.Value);
        weights["classifier.bias"] = network.state_dict()["classifier.bias"];

        LoadReport report = StateDictLoader.Load(network, weights);
        Assert.Equal([$"7 tensors are converted from {type} to Float32"], report.Remarks);
    }

    [Fact]
    public void Check_SaysInFullHowAWholeHrNetDiffers_WithoutMakingOne()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 9);
        Dictionary<string, Tensor> weights = network.state_dict();
        HrNetShape shape = HrNetShape.Recognize(weights);
        Assert.Equal(weights.Count, StateDictLoader.Check(shape, weights).Copied);

        foreach (string name in weights.Keys.Where(name => name.EndsWith("num_batches_tracked", StringComparison.Ordinal) || name is "final_layer.0.bias" or "downsamp_modules.0.0.bias").ToArray())
            weights.Remove(name);
        Assert.Equal(
            ["2 tensors that the file lacks are set to zero (downsamp_modules.0.0.bias, final_layer.0.bias): weights converted from PaddleClas (SSLD) have no such biases",
             $"{network.state_dict().Keys.Count(name => name.EndsWith("num_batches_tracked", StringComparison.Ordinal))} tensors that the file lacks are set to zero (num_batches_tracked): they only count training steps"],
            StateDictLoader.Check(shape, weights).Remarks);

        weights.Remove("stage4.0.branches.3.1.bn2.weight");
        weights["head.weight"] = weights["conv1.weight"];
        weights["conv2.weight"] = weights["conv1.weight"];
        Assert.Contains("1 missing (stage4.0.branches.3.1.bn2.weight); 1 unexpected (head.weight); 1 of another shape (conv2.weight (network [64, 64, 3, 3], file [64, 3, 3, 3]))",
            Assert.Throws<CheckpointException>(() => StateDictLoader.Check(shape, weights)).Message, StringComparison.Ordinal);
    }
}
