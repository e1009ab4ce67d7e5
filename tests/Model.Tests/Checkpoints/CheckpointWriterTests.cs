using HrNetBatch.Model.Checkpoints;
using TorchSharp;

namespace HrNetBatch.Model.Tests.Checkpoints;

public sealed class CheckpointWriterTests
{
    [Theory]
    [InlineData("training.legacy.pth")]
    [InlineData("dtypes.zip.pth")]
    [InlineData("shared.zip.pth")]
    public void Write_GivesBackWhatWasRead(string name)
    {
        using Checkpoint original = GoldenFiles.Read(name);
        using Checkpoint copy = GoldenFiles.Read(Write(original.Value));

        Assert.Equal(original.StateDict.Keys, copy.StateDict.Keys);
        Assert.All(original.StateDict, pair =>
        {
            torch.Tensor written = copy.StateDict[pair.Key];
            Assert.Equal(pair.Value.dtype, written.dtype);
            Assert.Equal(pair.Value.shape, written.shape);
            Assert.True(written.is_contiguous());
            Assert.Equal(GoldenFiles.Floats(pair.Value), GoldenFiles.Floats(written));
        });
        Assert.Equal(original.Epoch, copy.Epoch);
        Assert.Equal(original.Perf, copy.Perf);
    }

    [Fact]
    public void Write_KeepsCardOptimizerAndResume()
    {
        using torch.Tensor weight = torch.arange(6, torch.ScalarType.Float32).reshape(2, 3);
        using torch.Tensor buffer = weight * 2;
        var training = new TrainingCheckpoint
        {
            Epoch = 7,
            StateDict = new Dictionary<string, torch.Tensor> { ["classifier.weight"] = weight },
            Perf = 61.25,
            Optimizer = new OptimizerState(
                [new CheckpointDictionary { { "momentum_buffer", buffer } }, null], new CheckpointDictionary { { "lr", 0.05 }, { "momentum", 0.9 } }).ToValue(),
            Card = new ModelCard("w18_small_v1", 64, ["cat", "Hündin"]) { CropFraction = 1 },
            Resume = new CheckpointDictionary { { "step", 1L << 40 }, { "seed", -5 } },
        };

        using Checkpoint copy = GoldenFiles.Read(Write(training.ToValue()));

        Assert.Equal(7, copy.Epoch);
        Assert.Equal("cls_hrnet", copy.ModelName);
        Assert.Equal(61.25, copy.Perf);
        Assert.Equal("w18_small_v1", copy.Card!.Variant);
        Assert.Equal(64, copy.Card.ImageSize);
        Assert.Equal(["cat", "Hündin"], copy.Card.Labels);
        Assert.Equal(1, copy.Card.CropFraction);
        var resume = Assert.IsType<CheckpointDictionary>(copy.Extra!["resume"]);
        Assert.Equal(1L << 40, resume["step"]!.AsInteger());
        Assert.Equal(-5, resume["seed"]!.AsInteger());
        OptimizerState optimizer = OptimizerState.From(copy.Optimizer);
        Assert.Equal(0.05, optimizer.Setting("lr"));
        Assert.Equal([0, 2, 4, 6, 8, 10], GoldenFiles.Floats(optimizer.Tensor(0, "momentum_buffer")!));
        Assert.Null(optimizer.Slots[1]);
    }

    [Fact]
    public void Write_GivesEqualBytes_ForEqualValues_AndAlignsTensors()
    {
        using torch.Tensor weight = torch.ones(100);
        byte[] first = Write(new CheckpointDictionary { { "w", weight } });

        Assert.Equal(first, Write(new CheckpointDictionary { { "w", weight } }));
        int data = first.AsSpan().IndexOf(new byte[] { 0, 0, 0x80, 0x3f, 0, 0, 0x80, 0x3f });
        Assert.Equal(0, data % 64);
    }

    [Fact]
    public void Write_NeedsNoSeekingTarget_AndLeavesForeignTensorsAlone()
    {
        using torch.Tensor strided = torch.arange(12, torch.ScalarType.Int64).reshape(3, 4).t();
        using var target = new MemoryStream();
        using (var compressing = new System.IO.Compression.GZipStream(target, System.IO.Compression.CompressionMode.Compress, leaveOpen: true))
            CheckpointWriter.Write(compressing, new Dictionary<string, torch.Tensor> { ["w"] = strided });
        target.Position = 0;
        using var plain = new MemoryStream();
        using (var expanding = new System.IO.Compression.GZipStream(target, System.IO.Compression.CompressionMode.Decompress))
            expanding.CopyTo(plain);

        using Checkpoint copy = GoldenFiles.Read(plain.ToArray());
        Assert.Equal([0, 4, 8, 1], copy.StateDict["w"].reshape(-1).data<long>().Take(4));
        Assert.False(strided.is_contiguous());
    }

    public static byte[] Write(CheckpointValue value)
    {
        using var stream = new MemoryStream();
        CheckpointWriter.Write(stream, value);
        return stream.ToArray();
    }
}
