using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Tests.Core.Filters;

public sealed class SqlFilterTests
{
    private static readonly FilteredMessage Message = new(
        new Dictionary<string, object?> { ["Label"] = "train", ["MessageId"] = "m-1" },
        new Dictionary<string, object?> { ["size"] = 20, ["ratio"] = 0.5, ["color"] = "dark red", ["urgent"] = true, ["it's"] = "q", ["void"] = null });

    [Theory]
    [InlineData("1 = 1")]
    [InlineData("sys.Label = 'train'")]
    [InlineData("sys.messageid like 'm-_' and size > 19")]
    [InlineData("size >= 20 AND size <= 20.0 AND NOT size <> 20 AND size != -1")]
    [InlineData("missing = 1 OR ratio < 1")]
    [InlineData("color LIKE '%red' AND color NOT LIKE 'red%'")]
    [InlineData("color LIKE 'dark! red' ESCAPE '!'")]
    [InlineData("color IN ('blue', 'dark red') AND size NOT IN (1, 2)")]
    [InlineData("missing IS NULL AND void IS NULL AND size IS NOT NULL")]
    [InlineData("EXISTS(size) AND EXISTS(user.void) AND NOT EXISTS(missing)")]
    [InlineData("urgent AND urgent = TRUE AND (NOT urgent = FALSE)")]
    [InlineData("[it's] = 'q' AND \"it's\" = 'q'")]
    [InlineData("size = 20 OR size = 1 AND size = 2")]
    public void AnExpressionThatHolds_TakesTheMessage(string expression) => Assert.True(SqlFilter.Parse(expression).Matches(Message));

    [Theory]
    [InlineData("1 = 2")]
    [InlineData("missing = 1")]
    [InlineData("NOT missing = 1")]
    [InlineData("missing <> 1")]
    [InlineData("size = '20'")]
    [InlineData("color = 'Dark Red'")]
    [InlineData("missing LIKE '%'")]
    [InlineData("void NOT IN (1)")]
    [InlineData("NULL = NULL")]
    [InlineData("size")]
    public void AnExpressionThatIsFalseOrUnknown_DoesNot(string expression) => Assert.False(SqlFilter.Parse(expression).Matches(Message));

    [Theory]
    [InlineData("size + 1 > 2", "+")]
    [InlineData("newid() = 1", "newid")]
    [InlineData("size > 1 AND", "the end")]
    [InlineData("size > @limit", "The parameter @limit at position 8 has no value")]
    [InlineData("sys.DeliveryCount > 1", "DeliveryCount")]
    [InlineData("size = 1.2.3", "1.2.3")]
    [InlineData("color = 'red", "does not end")]
    [InlineData("(size = 1", "the end")]
    [InlineData("size = 1 color = 2", "color")]
    [InlineData("", "the end")]
    [InlineData("SET x = 1", "x")]
    public void WhatIsNotSupported_IsRefused_AndNamed(string expression, string named) =>
        Assert.Contains(named, Assert.Throws<FormatException>(() => SqlFilter.Parse(expression)).Message, StringComparison.Ordinal);

    [Fact]
    public void AnExpression_HasAtMost1024Characters_HoweverDeep()
    {
        Assert.True(SqlFilter.Parse($"{new string('(', 510)}1=1{new string(')', 510)}").Matches(Message));
        foreach (Action parse in (Action[])[() => SqlFilter.Parse(new string('(', 1025)), () => SqlAction.Parse($"SET a = '{new string('a', 1024)}'")])
            Assert.Contains("1024 are allowed", Assert.Throws<FormatException>(parse).Message, StringComparison.Ordinal);
    }
}
