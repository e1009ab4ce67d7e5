using System.Security.Cryptography;
using HrNetBatch.Model.Checkpoints;
using TorchSharp;

namespace HrNetBatch.Model.Tests.Checkpoints;

public sealed class CheckpointReaderTests
{
    [Theory]
    [InlineData("training.zip.pth")]
    [InlineData("training.legacy.pth")]
    public void Read_FindsAllOfATrainingCheckpoint(string name)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);

        Assert.Equal(3, checkpoint.Epoch);
        Assert.Equal("cls_hrnet", checkpoint.ModelName);
        Assert.Equal(71.5, checkpoint.Perf);
        Assert.Null(checkpoint.Card);
        Assert.Equal(["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked", "classifier.weight", "classifier.bias"], checkpoint.StateDict.Keys);
        Assert.Equal([4, 3, 3, 3], checkpoint.StateDict["conv.weight"].shape);
        string[] parameters = ["conv.weight", "bn.weight", "bn.bias", "classifier.weight", "classifier.bias"];
        Assert.All(parameters, (parameter, k) =>
            Assert.Equal(GoldenFiles.Formula(checkpoint.StateDict[parameter].numel(), k), GoldenFiles.Floats(checkpoint.StateDict[parameter])));

        OptimizerState optimizer = OptimizerState.From(checkpoint.Optimizer);
        Assert.Equal((0.05, 0.9, 1e-4, 1), (optimizer.Setting("lr"), optimizer.Setting("momentum"), optimizer.Setting("weight_decay"), optimizer.Setting("nesterov")));
        Assert.Equal(5, optimizer.Slots.Count);
        Assert.All(Enumerable.Range(0, 5).Select(k => optimizer.Tensor(k, "momentum_buffer")!), (buffer, k) =>
            Assert.Equal(GoldenFiles.Formula(buffer.numel(), k + 100), GoldenFiles.Floats(buffer)));
    }

    [Theory]
    [InlineData("protocol4.zip.pth")]
    [InlineData("protocol4.legacy.pth")]
    public void Read_UnderstandsNewerPickleProtocols(string name)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);

        Assert.Equal(8, checkpoint.StateDict.Count);
        Assert.Equal(GoldenFiles.Formula(108, 0), GoldenFiles.Floats(checkpoint.StateDict["conv.weight"]));
        Assert.Null(checkpoint.Epoch);
        Assert.Throws<CheckpointException>(() => OptimizerState.From(checkpoint.Optimizer));
    }

    [Theory]
    [InlineData("dtypes.zip.pth")]
    [InlineData("dtypes.legacy.pth")]
    public void Read_KeepsEveryElementType(string name)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);
        IReadOnlyDictionary<string, torch.Tensor> weights = checkpoint.StateDict;

        var types = new Dictionary<string, torch.ScalarType>
        {
            ["float64"] = torch.ScalarType.Float64,
            ["float32"] = torch.ScalarType.Float32,
            ["float16"] = torch.ScalarType.Float16,
            ["bfloat16"] = torch.ScalarType.BFloat16,
            ["int64"] = torch.ScalarType.Int64,
            ["int32"] = torch.ScalarType.Int32,
            ["int16"] = torch.ScalarType.Int16,
            ["int8"] = torch.ScalarType.Int8,
            ["uint8"] = torch.ScalarType.Byte,
            ["bool"] = torch.ScalarType.Bool,
        };
        Assert.All(types, type => Assert.Equal(type.Value, weights[type.Key].dtype));
        Assert.All(types.Keys.Where(type => type.Contains("float")), type => Assert.Equal([0, 1, 2.5f, 100], GoldenFiles.Floats(weights[type])));
        Assert.All(types.Keys.Where(type => type.Contains("int")), type => Assert.Equal([0, 1, 2, 100], GoldenFiles.Floats(weights[type])));
        Assert.Equal([0, 1, 1, 1], GoldenFiles.Floats(weights["bool"]));
        Assert.Equal([-1, -(1L << 40)], weights["negative"].data<long>());
        Assert.Empty(weights["scalar"].shape);
        Assert.Equal(42, weights["scalar"].item<long>());
        Assert.Equal([0, 3], weights["empty"].shape);
    }

    [Theory]
    [InlineData("shared.zip.pth")]
    [InlineData("shared.legacy.pth")]
    public void Read_KeepsSharedAndStridedStorages(string name)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);
        IReadOnlyDictionary<string, torch.Tensor> weights = checkpoint.StateDict;

        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i), GoldenFiles.Floats(weights["base"]));
        Assert.Equal([2, 8, 14, 20], GoldenFiles.Floats(weights["column"]));
        Assert.Equal([6, 4], weights["transposed"].shape);
        Assert.Equal([0, 6, 12, 18, 1, 7], GoldenFiles.Floats(weights["transposed"])[..6]);
        Assert.Equal([19, 20, 21, 22, 23], GoldenFiles.Floats(weights["row"]));
        Assert.Same(weights["base"], weights["again"]);
    }

    [Fact]
    public void Read_FollowsStorageViews_OfOldTorch()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("window.legacy.pth");
        Assert.Equal([5, 6, 7, 8], GoldenFiles.Floats(checkpoint.StateDict["w"]));
    }

    [Fact]
    public void Read_PrefersTheMovingAverage_AndStripsWrappersPrefixes()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("ema.zip.pth");

        Assert.Equal(["w"], checkpoint.StateDict.Keys);
        Assert.Equal(GoldenFiles.Formula(4, 5), GoldenFiles.Floats(checkpoint.StateDict["w"]));
        Assert.Equal("höhe", ((CheckpointDictionary)checkpoint.Value)["note"]!.AsText());
    }

    [Fact]
    public void Read_SaysWhatItChoseAndStripped()
    {
        using Checkpoint ema = GoldenFiles.Read("ema.zip.pth");
        Assert.Equal("state_dict_ema", ema.StateDictKey);
        Assert.Equal(["it holds several sets of weights; 'state_dict_ema' is used, 'state_dict' is not", "the prefix '_orig_mod.' was left out of all names"], ema.Remarks);

        using Checkpoint parallel = GoldenFiles.Read("training.zip.pth");
        Assert.Equal(["the prefix 'module.' was left out of all names"], parallel.Remarks);

        using Checkpoint plain = GoldenFiles.Read("shared.zip.pth");
        Assert.Null(plain.StateDictKey);
        Assert.Empty(plain.Remarks);
    }

    [Fact]
    public void Read_LeavesOutTheCounter_OfAnAveragedModel()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("averaged.zip.pth");

        Assert.Equal(8, checkpoint.StateDict.Count);
        Assert.Equal(GoldenFiles.Formula(108, 0), GoldenFiles.Floats(checkpoint.StateDict["conv.weight"]));
        Assert.Equal(["it is an average of 2 states (AveragedModel); its counter 'n_averaged' is left out", "the prefix 'module.' was left out of all names"], checkpoint.Remarks);
    }

    [Fact]
    public void Read_TakesTimmsTrainingCheckpoints_CommandLineAndAll()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("timm.zip.pth");
        var root = (CheckpointDictionary)checkpoint.Value;
        var arguments = (CheckpointDictionary)root["args"]!;

        Assert.Equal("state_dict_ema", checkpoint.StateDictKey);
        Assert.Equal(GoldenFiles.Formula(108, 0), GoldenFiles.Floats(checkpoint.StateDict["conv.weight"]));
        Assert.Equal(7, checkpoint.Epoch);
        Assert.Equal(76.77, root["metric"]!.AsNumber());
        Assert.Equal("hrnet_w18", arguments["model"]!.AsText());
        Assert.Equal("cuda:0", arguments["device"]!.AsText());
        Assert.Equal(1, ((CheckpointDictionary)((CheckpointDictionary)root["lr_scheduler"]!)["milestones"]!).Single(entry => entry.Key.AsInteger() == 60).Value.AsInteger());
        Assert.NotNull(OptimizerState.From(checkpoint.Optimizer).Setting("lr"));
    }

    [Theory]
    [InlineData("half.zip.pth", torch.ScalarType.Float16)]
    [InlineData("bfloat16.zip.pth", torch.ScalarType.BFloat16)]
    [InlineData("double.legacy.pth", torch.ScalarType.Float64)]
    public void Read_KeepsOtherPrecisions(string name, torch.ScalarType type)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);

        Assert.Equal(type, checkpoint.StateDict["conv.weight"].dtype);
        Assert.Equal(GoldenFiles.Formula(108, 0), GoldenFiles.Floats(checkpoint.StateDict["conv.weight"]));
        Assert.Equal(torch.ScalarType.Int64, checkpoint.StateDict["bn.num_batches_tracked"].dtype);
    }

    [Fact]
    public void Read_TurnsBigEndianNumbersAround()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("big-endian.zip.pth");

        Assert.Equal([0, 1, 2.5f, -100], GoldenFiles.Floats(checkpoint.StateDict["float32"]));
        Assert.Equal([0.5f, -2], GoldenFiles.Floats(checkpoint.StateDict["float16"]));
        Assert.Equal([1.0 / 3], checkpoint.StateDict["float64"].data<double>());
        Assert.Equal([(1L << 40) + 1, -2], checkpoint.StateDict["int64"].data<long>());
        Assert.Equal([1, 200], GoldenFiles.Floats(checkpoint.StateDict["uint8"]));
        Assert.Contains("big-endian", Assert.Single(checkpoint.Remarks), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesLegacyFilesOfBigEndianMachines_AsTorchDoes()
    {
        // The same file but for one opcode: little_endian is False.
        byte[] file = GoldenFiles.Bytes("window.legacy.pth");
        int mark = file.AsSpan().IndexOf("little_endian"u8);
        file[mark + file.AsSpan(mark).IndexOf((byte)0x88)] = 0x89;

        using Checkpoint checkpoint = GoldenFiles.Read(file);
        Assert.Equal([5, 6, 7, 8], GoldenFiles.Floats(checkpoint.StateDict["w"]));
        Assert.Contains("little-endian all the same", Assert.Single(checkpoint.Remarks), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesStateDicts_OfPython2()
    {
        byte[] pairs = HostileFile.Join("ccollections\nOrderedDict\n(](](U\x01w"u8, HostileFile.Tensor(1, [2, 2], [2, 1]), "ee"u8, "tR"u8);

        using Checkpoint checkpoint = GoldenFiles.Read(HostileFile.Zip(pairs));
        Assert.Equal([2, 2], checkpoint.StateDict["w"].shape);
    }

    [Theory]
    [InlineData("training.zip.pth", CheckpointFormat.Zip)]
    [InlineData("training.legacy.pth", CheckpointFormat.Legacy)]
    [InlineData("tiny.safetensors", CheckpointFormat.Safetensors)]
    public void Read_RecordsFormatLengthAndHashOfTheFile(string name, CheckpointFormat format)
    {
        byte[] file = GoldenFiles.Bytes(name);
        using Checkpoint checkpoint = GoldenFiles.Read(file);

        Assert.Equal(format, checkpoint.Format);
        Assert.Equal(file.Length, checkpoint.Bytes);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file)), checkpoint.Sha256);
    }

    [Fact]
    public void Read_SaysThatBytesFollowTheEnd()
    {
        using Checkpoint checkpoint = GoldenFiles.Read([.. GoldenFiles.Bytes("shared.legacy.pth"), 1, 2, 3]);
        Assert.Equal(["3 bytes after its end are ignored"], checkpoint.Remarks);
    }

    [Fact]
    public void Read_TakesParametersAsTensors()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("parameter.zip.pth");
        Assert.Equal(GoldenFiles.Formula(108, 0), GoldenFiles.Floats(checkpoint.StateDict["p"]));
    }

    [Fact]
    public void Read_KeepsItsTensors_WhenTheCallersDisposeScopeEnds()
    {
        Checkpoint checkpoint;
        using (torch.NewDisposeScope())
            checkpoint = GoldenFiles.Read("ema.zip.pth");
        using (checkpoint)
            Assert.Equal(4, checkpoint.StateDict["w"].sum(torch.ScalarType.Float32).numel() * 4);
        Assert.True(checkpoint.StateDict["w"].IsInvalid);
    }
}
