using HrNetBatch.Model.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Where people keep the weights in their dictionaries, and what their wrappers call them.</summary>
public sealed class StateDictSelectionTests : IDisposable
{
    // What the network is told from.
    private static readonly string[] Trunk =
    [
        "conv1.weight", "conv2.weight", "layer1.0.conv1.weight", "stage2.0.branches.1.0.conv1.weight", "stage3.0.branches.2.0.conv1.weight",
        "stage4.0.branches.3.0.conv1.weight",
    ];

    private readonly DisposeScope _scope = NewDisposeScope();

    [Theory]
    [InlineData("state_dict")]
    [InlineData("model_state_dict")]
    [InlineData("model_state")]
    [InlineData("model")]
    [InlineData("net")]
    [InlineData("network")]
    [InlineData("weights")]
    [InlineData("params_ema")]
    [InlineData("what nobody else calls it")]
    public void Read_FindsTheWeights_UnderTheirKey(string key)
    {
        using Checkpoint checkpoint = Read(new CheckpointDictionary { { "epoch", 3 }, { key, Weights("conv.weight", "classifier.weight") }, { "loss", 0.5 } });

        Assert.Equal(key, checkpoint.StateDictKey);
        Assert.Equal(["conv.weight", "classifier.weight"], checkpoint.StateDict.Keys);
        Assert.Empty(checkpoint.Remarks);
    }

    [Fact]
    public void Read_DoesNotTakeAnOptimizersStateForWeights()
    {
        var state = new CheckpointDictionary { { 0, Weights("exp_avg", "exp_avg_sq") }, { 1, Weights("exp_avg", "exp_avg_sq") } };
        using Checkpoint checkpoint = Read(new CheckpointDictionary { { "optimizer", new CheckpointDictionary { { "state", state } } }, { "my net", Weights("w") } });

        Assert.Equal("my net", checkpoint.StateDictKey);
    }

    [Fact]
    public void Read_RefusesToChoose_BetweenUnknownKeys()
    {
        string message = Assert.Throws<CheckpointException>(() => Read(new CheckpointDictionary { { "one", Weights("w") }, { "two", Weights("w") } })).Message;
        Assert.Contains("neither a state dict (its entry 'one' is a dictionary) nor has it one under 'state_dict_ema'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TakesTheStateDict_OfATupleOrAList()
    {
        using Checkpoint tuple = Read(new CheckpointTuple([Weights("w"), new CheckpointDictionary { { "epoch", 3 } }]));
        using Checkpoint list = Read(new CheckpointList([new CheckpointDictionary { { "epoch", 3 } }, Weights("w")]));

        Assert.Equal(("[0]", "[1]"), (tuple.StateDictKey, list.StateDictKey));
        Assert.Equal(["w", "w"], tuple.StateDict.Keys.Concat(list.StateDict.Keys));
    }

    [Theory]
    [InlineData("module.")]
    [InlineData("model.")]
    [InlineData("backbone.")]
    [InlineData("net.")]
    [InlineData("_orig_mod.")]
    [InlineData("encoder.")]
    public void Read_LeavesOutAWrappersPrefix(string prefix)
    {
        using Checkpoint checkpoint = Read(Weights([.. Trunk.Select(name => prefix + name)]));

        Assert.Equal(Trunk, checkpoint.StateDict.Keys);
        Assert.Equal([$"the prefix '{prefix}' was left out of all names"], checkpoint.Remarks);
    }

    [Fact]
    public void Read_LeavesOutSeveralPrefixes_AndKeepsAHeadBesideTheBackbone()
    {
        using Checkpoint checkpoint = Read(Weights([.. Trunk.Select(name => "module.model.backbone." + name), "module.model.classifier.weight"]));
        Assert.Equal([.. Trunk, "classifier.weight"], checkpoint.StateDict.Keys);
    }

    [Fact]
    public void Read_RefusesTwoNames_ThatAreOneWithoutTheirPrefixes() =>
        Assert.Contains("two entries that are both 'w'", Assert.Throws<CheckpointException>(() => Read(Weights("module.w", "_orig_mod.w"))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("encoder.layer.0.weight", "encoder.layer.1.weight", "decoder.weight")]
    [InlineData("encoder.conv1.weight", "encoder.layer1.0.conv1.weight", "head.weight")]   // a ResNet
    [InlineData("model.encoder.w", "model.decoder.w", "model.w")]
    public void Read_LeavesAPrefix_UnderWhichThereIsNoHrNet(params string[] names)
    {
        using Checkpoint bare = Read(Weights(names)), parallel = Read(Weights([.. names.Select(name => "module." + name)]));

        Assert.Equal(names.Select(name => name.Replace("head", "classifier", StringComparison.Ordinal)), bare.StateDict.Keys);
        Assert.Equal(bare.StateDict.Keys, parallel.StateDict.Keys);
        Assert.DoesNotContain(bare.Remarks, remark => remark.Contains("prefix", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_LeavesAPrefix_BesideAnHrNetThatIsNotUnderIt()
    {
        using Checkpoint checkpoint = Read(Weights([.. Trunk.Select(name => "backbone." + name), "encoder.w", "classifier.weight"]));
        Assert.Equal([.. Trunk, "encoder.w", "classifier.weight"], checkpoint.StateDict.Keys);
    }

    [Theory]
    [InlineData("fc")]
    [InlineData("head")]
    [InlineData("head.fc")]
    [InlineData("classifier.1")]
    public void Read_TakesTheOnlyLinearLayer_AsTheClassifier(string head)
    {
        using Checkpoint checkpoint = Read(Weights("conv1.weight", $"{head}.weight", $"{head}.bias"));

        Assert.Equal(["conv1.weight", "classifier.weight", "classifier.bias"], checkpoint.StateDict.Keys);
        Assert.Equal([$"its '{head}' is taken as 'classifier'"], checkpoint.Remarks);
    }

    [Fact]
    public void Read_LeavesAHeadOfTwoLayers_AsItIs()
    {
        using Checkpoint checkpoint = Read(Weights("classifier.0.weight", "classifier.3.weight"));
        Assert.Equal(["classifier.0.weight", "classifier.3.weight"], checkpoint.StateDict.Keys);
    }

    [Fact]
    public void Read_LeavesOutWhatIsNoWeight()
    {
        using Checkpoint checkpoint = Read(Weights([.. Trunk.Select(name => "model." + name), "model.conv1.total_ops", "total_params", "criterion.weight"]));

        Assert.Equal(Trunk, checkpoint.StateDict.Keys);
        Assert.Contains("3 tensors are no weights and left out (conv1.total_ops, total_params, criterion.weight): counters of operations, or parts of a loss", checkpoint.Remarks);
    }

    public void Dispose() => _scope.Dispose();

    private static CheckpointDictionary Weights(params string[] names)
    {
        var weights = new CheckpointDictionary { IsOrdered = true };
        foreach (string name in names)
            weights.Add(name, ones(2, 3));
        return weights;
    }

    private static Checkpoint Read(CheckpointValue value)
    {
        using var stream = new MemoryStream();
        CheckpointWriter.Write(stream, value);
        return GoldenFiles.Read(stream.ToArray());
    }
}
