using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>What people keep beside the weights does not make the weights unreadable, and is shown as what it is.</summary>
public sealed class ExtraValuesTests
{
    public static TheoryData<string> Names => ["extras.zip.pth", "extras.legacy.pth", "extras-protocol4.zip.pth"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_TakesTheWeights_WhateverLiesBesideThem(string name)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);

        Assert.Equal(["w", "p"], checkpoint.StateDict.Keys);
        Assert.Equal(GoldenFiles.Formula(4, 5), GoldenFiles.Floats(checkpoint.StateDict["w"]));
        Assert.Equal(GoldenFiles.Formula(4, 1), GoldenFiles.Floats(checkpoint.StateDict["p"]));
        Assert.Equal("1 of its state dict's entries is no tensor and is left out ('epoch', an integer)", Assert.Single(checkpoint.Remarks));
        Assert.Equal((7, 76.5), (checkpoint.Epoch, checkpoint.Perf));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_ShowsEachExtraValue(string name)
    {
        using Checkpoint checkpoint = GoldenFiles.Read(name);
        var root = (CheckpointDictionary)checkpoint.Value;
        string Shown(string key) => CheckpointJson.Write(root[key]!);

        Assert.Equal("14646872638012345678", root["seed"]!.ToString());
        Assert.Equal("-1180591620717411303424", root["negative"]!.ToString());
        Assert.Equal("""[0.5,0.25,-3,65535,"18446744073709551615",true,1.5,"ab"]""", Shown("scalars"));
        Assert.Equal("1.5", Shown("big"));
        Assert.Equal("\"an object of numpy.ndarray\"", Shown("array"));
        Assert.Equal("""{"(1, 2)":3,"0.1":4,"None":5,"True":6,"(1, ('a', None))":7,"b'raw'":8}""", Shown("keys"));
        Assert.Equal(("\"3 bytes\"", "\"0 bytes\"", "\"2 bytes\""), (Shown("bytes"), Shown("empty"), Shown("array of bytes")));
        Assert.Equal(("\"1-2i\"", "[\"a\"]", "[1]", "\"/x/y\""), (Shown("complex"), Shown("set"), Shown("frozen"), Shown("path")));
        Assert.Equal(("\"an object of datetime.datetime\"", "\"an object of datetime.timedelta\""), (Shown("when"), Shown("took")));
        Assert.Equal(("\"torch.float32\"", "\"builtins.float\"", "\"numpy.f4\""), (Shown("dtype"), Shown("type"), Shown("numpy type")));
        Assert.Equal(("""{"loss":[1]}""", "[1,2]"), (Shown("history"), Shown("queue")));
        Assert.Equal(625, ((CheckpointTuple)((CheckpointTuple)((CheckpointDictionary)root["random"]!)["python"]!).Items[1]).Items.Count);
    }

    [Fact]
    public void Read_TakesArraysOfMegabytes()
    {
        byte[] bytes = new byte[8_000_000]; // a confusion matrix of a thousand classes
        byte[] array = HostileFile.Join("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0B\0\0\0\0tR(K\u0001B"u8, BitConverter.GetBytes(bytes.Length), bytes, "tb"u8);

        using Checkpoint checkpoint = GoldenFiles.Read(HostileFile.Zip(HostileFile.Join("}("u8, HostileFile.Text("state_dict"), HostileFile.StateDict(HostileFile.Tensor(0, [2], [1])), HostileFile.Text("matrix"), array, "u"u8)));
        Assert.Equal(["w"], checkpoint.StateDict.Keys);
    }
}
