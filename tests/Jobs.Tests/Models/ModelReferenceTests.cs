using HrNetBatch.Kinds.Models;

namespace HrNetBatch.Jobs.Tests.Models;

public sealed class ModelReferenceTests
{
    [Theory]
    [InlineData("model:flowers", "flowers", null, null)]
    [InlineData("flowers", "flowers", null, null)]
    [InlineData("model:flowers@latest", "flowers", null, null)]
    [InlineData("model:flowers@3", "flowers", 3, null)]
    [InlineData("model:hrnet_w18-v1.2@best", "hrnet_w18-v1.2", null, "best")]
    [InlineData("model:2026@2026-11", "2026", null, "2026-11")]
    public void Parse_ReadsNameVersionAndTag(string text, string name, int? version, string? tag)
    {
        Assert.True(ModelReference.TryParse(text, out ModelReference? reference, out string? fault), fault);

        Assert.Equal(new ModelReference(name, version, tag), reference);
    }

    [Theory]
    [InlineData("model:", "cannot be a model's name")]
    [InlineData("model:Flowers", "lower-case")]
    [InlineData("model:../secrets", "cannot be a model's name")]
    [InlineData("model:a/b", "cannot be a model's name")]
    [InlineData("model:flowers@", "cannot be a tag")]
    [InlineData("model:flowers@0", "versions are the numbers 1, 2, 3")]
    [InlineData("model:flowers@99999999999", "versions are the numbers 1, 2, 3")]
    [InlineData("model:flowers@best@3", "cannot be a tag")]
    public void Parse_SaysWhatIsWrong_AndHowToWriteIt(string text, string expected)
    {
        Assert.False(ModelReference.TryParse(text, out _, out string? fault));

        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.Contains("model:NAME@VERSION", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model:flowers")]
    [InlineData("model:flowers@3")]
    [InlineData("model:flowers@best")]
    public void ToString_IsWhatParseReads(string text)
    {
        Assert.True(ModelReference.TryParse(text, out ModelReference? reference, out _));

        Assert.Equal(text, reference.ToString());
    }
}
