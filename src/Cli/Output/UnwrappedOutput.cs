using System.Text;
using Spectre.Console;

namespace HrNetBatch.Cli.Output;

/// <summary>Writes to a terminal at its width, and to a file or pipe without breaking lines that programs may read.</summary>
internal sealed class UnwrappedOutput(TextWriter writer, bool isRedirected) : IAnsiConsoleOutput
{
    private readonly AnsiConsoleOutput _terminal = new(writer);

    public TextWriter Writer => writer;

    public bool IsTerminal => !isRedirected && _terminal.IsTerminal;

    public int Width => isRedirected ? 500 : Math.Max(40, _terminal.Width);

    public int Height => isRedirected ? 1000 : _terminal.Height;

    public void SetEncoding(Encoding encoding) => _terminal.SetEncoding(encoding);
}
