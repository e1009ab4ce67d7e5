using HrNetBatch.Jobs.Terminal;

namespace HrNetBatch.Jobs.Tests.Terminal;

/// <summary>What others write into names and messages reaches a terminal as text, and does not steer it.</summary>
public sealed class PrintableTests
{
    [Theory]
    [InlineData("plain, übung 猫\tand\ntwo lines", "plain, übung 猫\tand\ntwo lines")]
    [InlineData("\u001b]0;title\u0007\u001b[2Jgone", "␛]0;title␇␛[2Jgone")]
    [InlineData("over\rwritten\b\u007f\0", "over␍written␈␡␀")]
    [InlineData("\u009b31m", "\ufffd31m")]
    [InlineData("cat\u202egnp.exe\u202c", "cat\ufffdgnp.exe\ufffd")]
    public void Of_ShowsCharactersThatSteer(string text, string shown) => Assert.Equal(shown, Printable.Of(text));

    [Fact]
    public void Line_ShowsWhatWouldForgeAnother() =>
        Assert.Equal("new␤Error: forged␤.␤␤jpg␛", Printable.Line("new\nError: forged\u2028.\u0085\rjpg\u001b"));

    [Theory]
    [InlineData("\u001b[32minfo\u001b[39m\u001b[22m: job \u001b[5A", "\u001b[32minfo\u001b[39m\u001b[22m: job ␛[5A")]
    [InlineData("\u001b[1;31mred\u001b[0m\r\n", "\u001b[1;31mred\u001b[0m\r\n")]
    [InlineData("\u001b[", "␛[")]
    [InlineData("\u001b[12", "␛[12")]
    [InlineData("\u001b[?25l", "␛[?25l")]
    public void Writer_LetsColoursThroughAndNothingElse(string text, string shown)
    {
        var inner = new StringWriter();
        using var writer = new PrintableWriter(inner);

        writer.Write(text);

        Assert.Equal(shown, inner.ToString());
    }

    [Fact]
    public void Writer_ShowsSingleCharacters()
    {
        var inner = new StringWriter { NewLine = "\n" };
        using var writer = new PrintableWriter(inner) { NewLine = "\n" };

        writer.Write('\u001b');
        writer.WriteLine("[2J");
        writer.Write(['a', '\a'], 0, 2);

        Assert.Equal("␛[2J\na␇", inner.ToString());
    }
}
