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
}
