using System.Text;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Model.Tests.Evaluation;

public sealed class MultiLabelsTests
{
    [Theory]
    [InlineData("val/ILSVRC2012_val_00000001", new long[] { 3 })]
    [InlineData("ILSVRC2012_val_00000002", new long[] { 1, 7 })]
    [InlineData("ILSVRC2012_val_00000003", new long[0])]
    public void For_TakesTheElementOfTheNumberAtTheEndOfTheKey(string key, long[] expected) =>
        Assert.Equal(expected, Read("[[3], [1, 7], []]").For(key));

    [Theory]
    [InlineData("a/b", new long[] { 2 })]
    [InlineData("elsewhere/cat", new long[] { 5 })]   // the file's name is enough
    [InlineData("unknown", new long[0])]
    public void For_FindsTheKeyOfAnObject(string key, long[] expected) =>
        Assert.Equal(expected, Read("""{"a/b": [2], "cat": 5}""").For(key));

    [Theory]
    [InlineData("no-number")]
    [InlineData("image_0")]
    [InlineData("image_4")]
    [InlineData("image_99999999999999999999")]
    public void For_SaysWhatToDo_WhereTheKeyHasNoNumberOfTheArray(string key)
    {
        var refused = Assert.Throws<EvaluationException>(() => Read("[[3], [1, 7], []]").For(key));
        Assert.Contains(key, refused.Message, StringComparison.Ordinal);
        Assert.Contains("by key", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("\"text\"")]
    [InlineData("""["a"]""")]
    [InlineData("[[1.5]]")]
    [InlineData("[[-1]]")]
    [InlineData("""{"a": {"b": 1}}""")]
    public void Read_SaysHowItMustLook(string json)
    {
        var refused = Assert.Throws<EvaluationException>(() => Read(json));
        Assert.StartsWith("real.json holds no labels", refused.Message, StringComparison.Ordinal);
    }

    private static MultiLabels Read(string json) => MultiLabels.Read(Encoding.UTF8.GetBytes(json), "real.json");
}
