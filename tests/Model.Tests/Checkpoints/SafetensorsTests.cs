using System.Text;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Checkpoints.Safetensors;
using TorchSharp;

namespace HrNetBatch.Model.Tests.Checkpoints;

public sealed class SafetensorsTests
{
    [Fact]
    public void Read_FindsWeightsAndMetadata()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("tiny.safetensors");

        Assert.Equal(["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked", "classifier.weight", "classifier.bias"], checkpoint.StateDict.Keys);
        Assert.Equal([4, 3, 3, 3], checkpoint.StateDict["conv.weight"].shape);
        Assert.Equal(GoldenFiles.Formula(108, 0), GoldenFiles.Floats(checkpoint.StateDict["conv.weight"]));
        Assert.Empty(checkpoint.StateDict["bn.num_batches_tracked"].shape);
        Assert.Equal("5 m", checkpoint.Metadata["höhe"]);
        Assert.Equal("pt", checkpoint.Metadata["format"]);
        Assert.Null(checkpoint.Card);
        Assert.Empty(checkpoint.Remarks);
    }

    [Fact]
    public void Read_KeepsEveryElementType()
    {
        using Checkpoint checkpoint = GoldenFiles.Read("dtypes.safetensors");

        Assert.Equal([0, 3], checkpoint.StateDict["empty"].shape);
        Assert.All(checkpoint.StateDict.Where(pair => pair.Key.Contains("float")), pair => Assert.Equal([0, 1, 2.5f, 100], GoldenFiles.Floats(pair.Value)));
        Assert.All(checkpoint.StateDict.Where(pair => pair.Key.Contains("int")), pair => Assert.Equal([0, 1, 2, 100], GoldenFiles.Floats(pair.Value)));
        Assert.Equal([0, 1, 1, 1], GoldenFiles.Floats(checkpoint.StateDict["bool"]));
    }

    [Theory]
    [InlineData("dtypes.zip.pth")]
    [InlineData("training.legacy.pth")]
    [InlineData("shared.zip.pth")]
    [InlineData("dtypes.safetensors")]
    public void Write_GivesBackWhatWasRead(string name)
    {
        using Checkpoint original = GoldenFiles.Read(name);
        using Checkpoint copy = GoldenFiles.Read(Write(original.StateDict, new ModelCard("w18", 224, ["cat", "Hündin \"x\""])));

        Assert.Equal(original.StateDict.Keys.Order(StringComparer.Ordinal), copy.StateDict.Keys.Order(StringComparer.Ordinal));
        Assert.All(original.StateDict, pair =>
        {
            torch.Tensor written = copy.StateDict[pair.Key];
            Assert.Equal(pair.Value.dtype, written.dtype);
            Assert.Equal(pair.Value.shape, written.shape);
            Assert.Equal(GoldenFiles.Floats(pair.Value), GoldenFiles.Floats(written));
        });
        Assert.Equal("w18", copy.Card!.Variant);
        Assert.Equal(224, copy.Card.ImageSize);
        Assert.Equal(["cat", "Hündin \"x\""], copy.Card.Labels);
    }

    [Fact]
    public void Write_GivesEqualBytes_AlignsTensors_AndKeepsTheirOrder()
    {
        using torch.Tensor bytes = torch.ones(3, torch.ScalarType.Byte), floats = torch.ones(5), doubles = torch.ones(1, torch.ScalarType.Float64), more = torch.zeros(2);
        var weights = new Dictionary<string, torch.Tensor> { ["bytes"] = bytes, ["z"] = floats, ["doubles"] = doubles, ["a"] = more };
        byte[] file = Write(weights);

        Assert.Equal(file, Write(weights));
        int headerLength = BitConverter.ToInt32(file);
        Assert.Equal(0, headerLength % 8);
        Assert.Equal(
            """{"__metadata__":{"format":"pt"},"doubles":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"z":{"dtype":"F32","shape":[5],"data_offsets":[8,28]},"a":{"dtype":"F32","shape":[2],"data_offsets":[28,36]},"bytes":{"dtype":"U8","shape":[3],"data_offsets":[36,39]}}""",
            Encoding.UTF8.GetString(file, 8, headerLength).TrimEnd());
        Assert.Equal(8 + headerLength + 39, file.Length);
    }

    [Fact]
    public void Write_RefusesWhatTheFormatHasNoNameFor()
    {
        using torch.Tensor complex = torch.zeros(2, torch.ScalarType.ComplexFloat32);
        using torch.Tensor plain = torch.zeros(2);
        Assert.Throws<InvalidDataException>(() => Write(new Dictionary<string, torch.Tensor> { ["w"] = complex }));
        Assert.Throws<ArgumentException>(() => Write(new Dictionary<string, torch.Tensor> { ["__metadata__"] = plain }));
    }

    public static TheoryData<string, string, int> HostileHeaders => new()
    {
        { "not valid JSON", "{", 0 },
        { "not valid JSON", "{}x", 0 },
        { "holds a list where tensor 'a' should be an object", "{\"a\":" + new string('[', 100_000), 0 },
        { "not valid JSON", """{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4 },
        { "holds a list where tensor 'a' should be an object", """{"a":[[[[]]]]}""", 0 },
        { "'a' twice", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1 },
        { "'__metadata__' twice", """{"__metadata__":{},"__metadata__":{}}""", 0 },
        { "holds 'k' twice", """{"__metadata__":{"k":"1","k":"2"}}""", 0 },
        { "holds a number where __metadata__ 'k' should be a text", """{"__metadata__":{"k":1}}""", 0 },
        { "field 'dtype' that is unknown or there twice", """{"a":{"dtype":"F32","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1 },
        { "field 'stride' that is unknown", """{"a":{"dtype":"F32","stride":[1]}}""", 0 },
        { "must give tensor 'a' a dtype, a shape and two data_offsets", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4 },
        { "elements of type F8_E4M3", """{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}""", 1 },
        { "whole numbers, none negative", """{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4 },
        { "whole numbers, none negative", """{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4 },
        { "whole numbers, none negative", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}}""", 4 },
        { "more than 16 numbers", """{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}""", 4 },
        { "needs 8 bytes, and its data_offsets are [0, 4]", """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4 },
        { "and its data_offsets are [4, 0]", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4 },
        { "beyond any file's size", """{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0 },
        { "beyond any file's size", """{"a":{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}}""", 0 },
        { "overlaps with what stands before", """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4 },
        { "leaves a gap", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2 },
        { "goes on for 1 bytes after its last tensor", """{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 2 },
        { "reach past the end of the file", """{"a":{"dtype":"U8","shape":[9000000000],"data_offsets":[0,9000000000]}}""", 2 },
        { "its state dict is empty", "{}", 0 },
        { "'hrnetbatch' entry in __metadata__ is not valid JSON", """{"__metadata__":{"hrnetbatch":"{"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1 },
        { "must hold 'variant' (text)", """{"__metadata__":{"hrnetbatch":"{\"variant\":7}"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1 },
    };

    [Theory]
    [MemberData(nameof(HostileHeaders))]
    public void Read_RefusesAHeader_ThatNoWriterMakes(string complaint, string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        Assert.Contains(complaint, Refusal([.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataBytes]]), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RefusesAHeaderOfTenGigabytes_WithoutReadingIt()
    {
        Assert.Contains("claims 10000000000 bytes", Refusal([.. BitConverter.GetBytes(10_000_000_000), .. "{}"u8]), StringComparison.Ordinal);
        Assert.Contains("claims 18446744073709551615 bytes", Refusal([.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8]), StringComparison.Ordinal);
        Assert.Contains("longer than the file", Refusal([.. BitConverter.GetBytes(1000L), .. "{}"u8]), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SaysThatAFileIsCutShort_WhereverItIsCut()
    {
        byte[] file = GoldenFiles.Bytes("tiny.safetensors");
        for (int length = 9; length < file.Length; length += 5)
            Assert.Contains("cut short", Refusal(file[..length]), StringComparison.Ordinal);
    }

    public static byte[] Write(IReadOnlyDictionary<string, torch.Tensor> weights, ModelCard? card = null)
    {
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, weights, card);
        return stream.ToArray();
    }

    private static string Refusal(byte[] file) => Assert.Throws<CheckpointException>(() => GoldenFiles.Read(file)).Message;
}
