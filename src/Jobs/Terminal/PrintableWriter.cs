using System.Buffers;
using System.Text;

namespace HrNetBatch.Jobs.Terminal;

/// <summary>
/// The one way of a program's output to its terminal or log: what others wrote into it cannot steer either (<see cref="Printable"/>). Colours stay,
/// because log lines have them: <c>ESC [ numbers m</c>.
/// </summary>
public sealed class PrintableWriter(TextWriter inner) : TextWriter
{
    private const char Escape = '\u001b';
    private static readonly SearchValues<char> ColourNumbers = SearchValues.Create("0123456789;");

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Leads this process's standard output and standard error through it.</summary>
    public static void Install()
    {
        Console.SetOut(Synchronized(new PrintableWriter(Console.Out)));
        Console.SetError(Synchronized(new PrintableWriter(Console.Error)));
    }

    /// <inheritdoc/>
    public override void Write(char value) => inner.Write(Printable.Picture(value));

    /// <inheritdoc/>
    public override void Write(string? value) => Write(value.AsSpan());

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        var shown = new StringBuilder(buffer.Length);
        while (buffer.Length > 0)
        {
            int length = buffer.StartsWith("\r\n") ? 2 : ColourLength(buffer);
            if (length > 0)
                shown.Append(buffer[..length]);
            else
                shown.Append(Printable.Picture(buffer[0]));
            buffer = buffer[Math.Max(1, length)..];
        }
        inner.Write(shown);
    }

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    // ESC [ 1 ; 32 m, at the beginning of the text; 0 where there is none.
    private static int ColourLength(ReadOnlySpan<char> text)
    {
        if (text is not [Escape, '[', ..])
            return 0;
        int end = 2 + text[2..].IndexOfAnyExcept(ColourNumbers);
        return end >= 2 && text[end] == 'm' ? end + 1 : 0;
    }
}
