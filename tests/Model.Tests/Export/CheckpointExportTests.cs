using System.Security.Cryptography;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Export;
using HrNetBatch.Model.Tests.Training;
using HrNetBatch.TestKit;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Export;

public sealed class CheckpointExportTests : IDisposable
{
    private static readonly ModelCard Card = new("w18_small_v1", 64, ["ant", "bee", "cat"]);

    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(ExportFormat.Pth)]
    [InlineData(ExportFormat.Safetensors)]
    [InlineData(ExportFormat.Onnx)]
    public void Write_ReportsTheFileAsItIs(ExportFormat format)
    {
        using Checkpoint source = Weights(Card);

        ExportReport report = CheckpointExport.Write(source, Target, new() { Format = format }, cancellation: Token);

        Assert.Equal(("w18_small_v1", 3, 64), (report.Variant, report.ClassCount, report.ImageSize));
        Assert.Equal((new FileInfo(Target).Length, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Target)))), (report.Bytes, report.Sha256));
        Assert.Equal(format == ExportFormat.Onnx, report.MaxDifferenceShare is <= 5e-6);
        Assert.Equal(source.Sha256, report.SourceSha256);
        Assert.Empty(report.Remarks);
    }

    [Fact]
    public void Write_ToSafetensors_KeepsWeightsAndLabels()
    {
        using Checkpoint source = Weights(Card);

        CheckpointExport.Write(source, Target, new() { Format = ExportFormat.Safetensors }, cancellation: Token);

        using Checkpoint written = ReadTarget();
        Assert.Equal((CheckpointFormat.Safetensors, "ant, bee, cat"), (written.Format, string.Join(", ", written.Card!.Labels)));
        Assert.Equal(source.StateDict.Keys.Order(StringComparer.Ordinal), written.StateDict.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Write_RefusesARunWhoseWeightsAreAMovingAverage()
    {
        using Checkpoint run = Read(SmallRunSaved.Value);
        var root = (CheckpointDictionary)run.Value;
        root.Add("state_dict_ema", root["state_dict"]!);
        using Checkpoint source = Read(root);

        var refused = Assert.Throws<CheckpointException>(() => CheckpointExport.Write(source, Target, new() { Format = ExportFormat.Training }, cancellation: Token));

        Assert.Contains("moving average", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_GivesTheOriginalsNamesToWeightsOfOthers_FilledWhereTheyLackSome()
    {
        using Checkpoint whole = Weights(null);
        Dictionary<string, Tensor> lacking = whole.StateDict.Where(entry => !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal) && entry.Key != "final_layer.0.bias")
            .ToDictionary(entry => $"module.{entry.Key}", entry => entry.Value.to(ScalarType.Float16));
        using Checkpoint source = Read(CheckpointWriter.ToValue(lacking));

        ExportReport report = CheckpointExport.Write(source, Target, new() { Format = ExportFormat.Pth }, cancellation: Token);

        using Checkpoint written = ReadTarget();
        Assert.Equal(whole.StateDict.Keys.Order(StringComparer.Ordinal), Assert.IsType<CheckpointDictionary>(written.Value).Select(entry => entry.Key.AsText()!).Order(StringComparer.Ordinal));
        Assert.All(written.StateDict.Where(entry => entry.Key.EndsWith("weight", StringComparison.Ordinal)), entry => Assert.Equal(ScalarType.Float32, entry.Value.dtype));
        Assert.Equal(("w18_small_v1", 224, 0), (written.Card!.Variant, written.Card.ImageSize, written.Card.Labels.Count));
        Assert.Contains(report.Remarks, remark => remark.Contains("to zero", StringComparison.Ordinal));
        Assert.Contains(report.Remarks, remark => remark.Contains("names no classes", StringComparison.Ordinal));
    }

    [Fact]
    public void Write_KeepsTheRunButNotWhoseItWas_AsATrainingCheckpoint()
    {
        using Checkpoint source = Read(SmallRunSaved.Value);

        CheckpointExport.Write(source, Target, new() { Format = ExportFormat.Training }, cancellation: Token);

        using Checkpoint written = ReadTarget();
        Assert.Equal((source.Epoch, source.Perf, "cls_hrnet"), (written.Epoch, written.Perf, written.ModelName));
        Assert.Equal(source.Card!.Labels, written.Card!.Labels);
        Assert.Null(written.Extra!["resume"]);
        OptimizerState expected = OptimizerState.From(source.Optimizer), actual = OptimizerState.From(written.Optimizer);
        Assert.All(["lr", "initial_lr", "momentum", "weight_decay", "nesterov"], setting => Assert.Equal(expected.Setting(setting)!.Value, actual.Setting(setting)!.Value));
        Assert.All(Enumerable.Range(0, expected.Slots.Count), i => Assert.True(expected.Tensor(i, "momentum_buffer")!.Equals(actual.Tensor(i, "momentum_buffer")!)));
    }

    [Fact]
    public void Write_RefusesToMakeUpARun()
    {
        using Checkpoint source = Weights(Card);

        var refused = Assert.Throws<CheckpointException>(() => CheckpointExport.Write(source, Target, new() { Format = ExportFormat.Training }, cancellation: Token));

        Assert.StartsWith("weights.pth: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be made up", refused.Message, StringComparison.Ordinal);
        Assert.Contains("format pth", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_SaysWhatItGot_WhenTheCheckpointIsOfAnotherNetwork()
    {
        using Tensor stray = ones(2, 2);
        using Checkpoint source = Read(CheckpointWriter.ToValue(new Dictionary<string, Tensor> { ["decoder.weight"] = stray }));

        var refused = Assert.Throws<CheckpointException>(() => CheckpointExport.Write(source, Target, new() { Format = ExportFormat.Onnx }, cancellation: Token));

        Assert.Contains("decoder.weight", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Parameter '", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.onnx", ExportFormat.Onnx)]
    [InlineData("blob://local/models/Model.SAFETENSORS", ExportFormat.Safetensors)]
    [InlineData("checkpoint.pth.tar", ExportFormat.Training)]
    [InlineData("weights.pth", ExportFormat.Pth)]
    [InlineData("weights.tar", null)]
    public void Format_IsToldByTheExtension(string name, ExportFormat? expected) => Assert.Equal(expected, ExportFormats.Of(name));

    public void Dispose() => _folder.Dispose();

    private static readonly Lazy<byte[]> SmallRunSaved = new(() =>
    {
        using var run = new SmallRun();
        run.TrainAsync(untilStep: 4).GetAwaiter().GetResult();
        return run.Save();
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => _folder.File("target");

    private static Checkpoint Weights(ModelCard? card)
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3);
        return Read(CheckpointWriter.ToValue(network.state_dict(), card));
    }

    private static Checkpoint Read(CheckpointValue value)
    {
        using var file = new MemoryStream();
        CheckpointWriter.Write(file, value);
        return Read(file.ToArray());
    }

    private static Checkpoint Read(byte[] bytes) => CheckpointReader.Read(new MemoryStream(bytes), "weights.pth");

    private Checkpoint ReadTarget() => Read(File.ReadAllBytes(Target));
}
