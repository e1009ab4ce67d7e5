using HrNetBatch.Model.Configuration;

namespace HrNetBatch.Model.Tests.Configuration;

public sealed class PythonLiteralTests
{
    [Theory]
    [InlineData("1e-4", 1e-4)]
    [InlineData("5E-2", 0.05)]
    [InlineData("1.", 1.0)]
    [InlineData(".5", 0.5)]
    [InlineData("-3", -3L)]
    [InlineData("1_000", 1000L)]
    [InlineData("True", true)]
    [InlineData("false", false)]
    [InlineData("'12'", "12")]
    [InlineData("None", null)]
    [InlineData("(0)", 0L)]
    [InlineData("data/imagenet/", "data/imagenet/")]
    [InlineData("it's", "it's")]
    [InlineData("010", "010")]
    [InlineData("5e-2*4", "5e-2*4")]
    [InlineData("1e999", "1e999")]
    [InlineData("(0,1", "(0,1")]
    [InlineData("0,1)", "0,1)")]
    [InlineData("[0)", "[0)")]
    [InlineData(",", ",")]
    [InlineData("", "")]
    public void Parse_ReadsAValue_OrLeavesTheText(string text, object? expected) => Assert.Equal(expected, PythonLiteral.Parse(text));

    [Theory]
    [InlineData("(0,1,2,3)")]
    [InlineData("[0, 1, 2, 3]")]
    [InlineData(" ( 0 , 1, 2 ,3, ) ")]
    [InlineData("0,1,2,3")]
    [InlineData("[0, 1, 2, (3)]")]
    public void Parse_ReadsTuplesAndLists(string text) => Assert.Equal([0L, 1L, 2L, 3L], Assert.IsType<List<object?>>(PythonLiteral.Parse(text)));

    [Theory]
    [InlineData("()", 0)]
    [InlineData("[]", 0)]
    [InlineData("(7,)", 1)]
    [InlineData("[7]", 1)]
    [InlineData("[(7, 8)]", 1)]
    public void Parse_TellsTuplesOfOneFromNumbers(string text, int count) => Assert.Equal(count, Assert.IsType<List<object?>>(PythonLiteral.Parse(text)).Count);

    [Fact]
    public void Parse_LeavesDeepNestingAText()
    {
        string deep = new string('(', 100_000) + new string(')', 100_000);
        Assert.Equal(deep, PythonLiteral.Parse(deep));
    }
}
