using HrNetBatch.Cli.Output;
using Spectre.Console;

namespace HrNetBatch.Cli.Tests;

public sealed class ScreenTests
{
    [Fact]
    public void Names_CannotSteerTheTerminal_InLinesTablesAndMarkup()
    {
        const string Name = "a\u001b]0;owned\u0007\u202etxt.exe";
        var output = new StringWriter();
        IAnsiConsole screen = Screen.Open(output, isRedirected: true);

        screen.WriteLine(Name);
        screen.Write(new Table().AddColumn("name").AddRow(Screen.Cell(Name)));
        screen.MarkupLineInterpolated($"{Name}");

        string text = output.ToString();
        Assert.Equal(3, text.Split("a␛]0;owned␇\ufffdtxt.exe").Length - 1);
        Assert.DoesNotContain('\u001b', text);
    }
}
