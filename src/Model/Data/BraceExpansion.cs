using System.Globalization;

namespace HrNetBatch.Model.Data;

/// <summary>The shell's braces, as data sets of many shards are named: <c>train-{0000..1023}.tar</c>, <c>{a,b}.tar</c>.</summary>
public static class BraceExpansion
{
    private const int LargestCount = 1_000_000;
    private const int MostBraces = 20;

    /// <summary>Expands every brace, the leftmost changing slowest; a text without braces is itself.</summary>
    /// <exception cref="FormatException">A brace is not closed, is neither a range nor a list, or there would be over a million names.</exception>
    public static IReadOnlyList<string> Expand(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        if (pattern.Count(character => character == '{') > MostBraces)
            throw Wrong(pattern[..Math.Min(100, pattern.Length)] + "…", $"has more than {MostBraces} braces");
        int open = pattern.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
            return pattern.Contains('}', StringComparison.Ordinal) ? throw Wrong(pattern, "closes a brace that it never opened") : [pattern];
        int close = pattern.IndexOf('}', open);
        if (close < 0)
            throw Wrong(pattern, "opens a brace and never closes it");
        string[] choices = [.. Choices(pattern, pattern[(open + 1)..close])];
        IReadOnlyList<string> rest = Expand(pattern[(close + 1)..]);
        if ((long)choices.Length * rest.Count > LargestCount)
            throw Wrong(pattern, $"stands for more than {LargestCount} names");
        return [.. choices.SelectMany(choice => rest, (choice, tail) => pattern[..open] + choice + tail)];
    }

    private static IEnumerable<string> Choices(string pattern, string inside)
    {
        int dots = inside.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
            return inside.Contains(',', StringComparison.Ordinal) ? inside.Split(',') : throw Wrong(pattern, $"has {{{inside}}}, neither a range nor a list");
        string from = inside[..dots], to = inside[(dots + 2)..];
        if (!int.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            || !int.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out int last) || last < first)
            throw Wrong(pattern, $"has {{{inside}}}, which is no rising range of whole numbers");
        if (last - (long)first >= LargestCount)
            throw Wrong(pattern, $"stands for more than {LargestCount} names");
        // As in the shell: a leading zero on either end pads all to the longer of the two.
        bool padded = from.Length > 1 && from[0] == '0' || to.Length > 1 && to[0] == '0';
        string format = padded ? $"D{Math.Max(from.Length, to.Length)}" : "D";
        return Enumerable.Range(first, last - first + 1).Select(number => number.ToString(format, CultureInfo.InvariantCulture));
    }

    private static FormatException Wrong(string pattern, string what)
        => new($"'{pattern}' {what}. Examples: train-{{0000..1023}}.tar, {{cats,dogs}}.tar.");
}
