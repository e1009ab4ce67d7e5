using System.Text.Json;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Onnx;
using HrNetBatch.Model.Onnx.Format;
using HrNetBatch.Model.Tests.Goldens;
using HrNetBatch.TestKit;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Onnx;

[Collection(nameof(TorchThreads))] // the largest networks, one at a time
public sealed class OnnxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> VariantNames => [.. HrNetVariant.All.Select(variant => variant.Name)];

    [Theory]
    [MemberData(nameof(VariantNames))]
    public void OnnxRuntime_AnswersAsTheNetwork(string variant)
    {
        using HrNet network = Network(variant, 1000);

        string file = Write(network, new OnnxDescription(variant, 64, null, null));

        OnnxDifference difference = OnnxCheck.Compare(file, network, 64, threadCount: 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{variant}: max |Δ| {difference.Largest:g2} of a range of {difference.Range:g3}");
        Assert.InRange(difference.Share, 0, 5e-6);
    }

    [Fact]
    public void OnnxRuntime_AnswersAsTheNetwork_WithBatchNormsOfTheirOwn()
    {
        using HrNet network = Network("w18_small_v2", 10);

        string file = Write(network, new OnnxDescription("w18_small_v2", 32, null, null), foldsBatchNorm: false);

        Assert.InRange(OnnxCheck.Compare(file, network, 32, threadCount: 1).Share, 0, 5e-6);
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file));
        Assert.Equal(
            network.modules().Count(module => module is TorchSharp.Modules.BatchNorm2d),
            model.Graph.Node.Count(node => node.OpType == "BatchNormalization"));
        Assert.Equal(network.named_parameters().Count() + (2 * network.modules().Count(module => module is TorchSharp.Modules.BatchNorm2d)),
            model.Graph.Initializer.Count(weights => !weights.Name.StartsWith("times", StringComparison.Ordinal)));
    }

    [Fact]
    public void File_SaysHowToPrepareImages_AndWhatTheClassesAre()
    {
        using HrNet network = Network("w18_small_v1", 3);
        string[] labels = ["Löwenzahn", "\"rose\"", "🌷"];

        using var session = new InferenceSession(Write(network, new OnnxDescription("w18_small_v1", 96, labels, "abc123")));

        Dictionary<string, string> said = session.ModelMetadata.CustomMetadataMap;
        Assert.Equal(("w18_small_v1", "96", "0.875", "bilinear", "abc123"),
            (said["variant"], said["image_size"], said["crop_fraction"], said["interpolation"], said["source_sha256"]));
        Assert.Equal([0.485, 0.456, 0.406], JsonSerializer.Deserialize<double[]>(said["mean"])!);
        Assert.Equal([0.229, 0.224, 0.225], JsonSerializer.Deserialize<double[]>(said["std"])!);
        Assert.Equal(labels, JsonSerializer.Deserialize<string[]>(said["labels"])!);
        Assert.Equal([-1, 3, 96, 96], session.InputMetadata["images"].Dimensions);
        Assert.Equal([-1, 3], session.OutputMetadata["logits"].Dimensions);
        Assert.Contains("divide by 255", session.ModelMetadata.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Fails_WhereTheFileHoldsOtherWeights()
    {
        using HrNet network = Network("w18_small_v1", 4);
        string file = Write(network, new OnnxDescription("w18_small_v1", 32, null, null));
        using (no_grad())
        using (DisposeScope scope = NewDisposeScope())
            network.state_dict()["stage3.0.fuse_layers.2.0.1.0.weight"].mul_(1.05);

        var failed = Assert.Throws<CheckpointException>(() => OnnxCheck.Compare(file, network, 32, threadCount: 1));

        Assert.Contains("differ from the network's by up to", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_Fails_WhereBatchNormsHaveAnotherEpsilon()
    {
        using HrNet network = Network("w18_small_v1", 1000);
        string file = Write(network, new OnnxDescription("w18_small_v1", 64, null, null));
        using (no_grad())
        using (DisposeScope scope = NewDisposeScope())
        {
            foreach ((string _, Tensor variance) in network.state_dict().Where(entry => entry.Key.EndsWith("running_var", StringComparison.Ordinal)))
                variance.add_(1e-5); // as if it were 2e-5
        }

        var failed = Assert.Throws<CheckpointException>(() => OnnxCheck.Compare(file, network, 64, threadCount: 1));

        Assert.Contains("in logits from", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_ComparesWithTheRange_WhereAllLogitsAreLarge()
    {
        using HrNet network = Network("w18_small_v1", 1000);
        using (no_grad())
        using (DisposeScope scope = NewDisposeScope())
            network.state_dict()["classifier.bias"].add_(5000);
        string file = Write(network, new OnnxDescription("w18_small_v1", 32, null, null));
        OnnxCheck.Compare(file, network, 32, threadCount: 1);

        using (no_grad())
        using (DisposeScope scope = NewDisposeScope())
            network.state_dict()["classifier.bias"][7].add_(0.04); // one class of a thousand, whose logits lie within 3 of each other
        Assert.Throws<CheckpointException>(() => OnnxCheck.Compare(file, network, 32, threadCount: 1));
    }

    [Fact]
    public void Check_Fails_WhereAWeightIsNoNumber()
    {
        using HrNet network = Network("w18_small_v1", 4);
        using (no_grad())
        using (DisposeScope scope = NewDisposeScope())
            network.state_dict()["classifier.bias"].fill_(double.NaN);
        string file = Write(network, new OnnxDescription("w18_small_v1", 32, null, null));

        Assert.Throws<CheckpointException>(() => OnnxCheck.Compare(file, network, 32, threadCount: 1));
    }

    [Theory]
    [InlineData(-10, 10, 2.3e-4)]
    [InlineData(-0.1, 0.1, 2.3e-6)]
    [InlineData(5000, 5001, 0.015013)]
    [InlineData(0, 0, 0)]
    public void Tolerance_IsAShareOfTheRange(double lowest, double highest, double expected) => Assert.Equal(expected, OnnxCheck.Tolerance(lowest, highest), 1e-9);

    [Fact]
    public void Write_RefusesSizesThatDoNotFit()
    {
        using HrNet network = Network("w18_small_v1", 4);

        var refused = Assert.Throws<ArgumentException>(() => Write(network, new OnnxDescription("w18_small_v1", 100, null, null)));

        Assert.Contains("96×96", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static HrNet Network(string variant, int classCount)
    {
        var network = new HrNet(HrNetVariant.Parse(variant), classCount);
        FormulaWeights.Fill(network);
        network.eval();
        return network;
    }

    private string Write(HrNet network, OnnxDescription description, bool foldsBatchNorm = true)
    {
        string file = _folder.File($"{Guid.NewGuid():n}.onnx");
        using FileStream stream = File.Create(file);
        OnnxWriter.Write(stream, network, description, foldsBatchNorm);
        return file;
    }
}
