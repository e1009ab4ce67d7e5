using System.Globalization;
using System.Text.RegularExpressions;

namespace HrNetBatch.Model.Configuration;

/// <summary>
/// Values as the original's yacs understands them: numbers, True and False, quoted texts, tuples and lists, also where YAML sees only a
/// text, such as <c>(0,1,2,3)</c> and <c>1e-4</c>.
/// </summary>
internal static partial class PythonLiteral
{
    private const int MaximumDepth = 8;

    /// <summary>A long, a double, a bool, null, a text, or a list of these; what is no literal stays the text that it is.</summary>
    public static object? Parse(string text)
    {
        int position = 0;
        return Expression(text, ref position, depth: 0) is { } found && position == text.Length ? found.Value : text;
    }

    // One value, or, where a comma follows, a tuple without parentheses.
    private static Found? Expression(string text, ref int position, int depth)
    {
        var items = new List<object?>();
        bool isTuple = false;
        while (true)
        {
            SkipSpaces(text, ref position);
            if (isTuple && (position == text.Length || text[position] is ')' or ']'))
                return new Found(items, IsTuple: true);
            if (Value(text, ref position, depth) is not { } item)
                return null;
            items.Add(item.Value);
            SkipSpaces(text, ref position);
            if (position == text.Length || text[position] != ',')
                return isTuple ? new Found(items, IsTuple: true) : item;
            isTuple = true;
            position++;
        }
    }

    private static Found? Value(string text, ref int position, int depth)
    {
        if (position == text.Length || depth > MaximumDepth)
            return null;
        char first = text[position];
        if (first is '\'' or '"')
        {
            int end = text.IndexOf(first, position + 1);
            string? quoted = end < 0 ? null : text[(position + 1)..end];
            position = end + 1;
            return quoted is null || quoted.Contains('\\', StringComparison.Ordinal) ? null : new Found(quoted);
        }
        if (first is '(' or '[')
            return Bracketed(text, ref position, depth);

        int start = position;
        position = text.AsSpan(start).IndexOfAny(",()[]") is >= 0 and var length ? start + length : text.Length;
        return Atom(text[start..position].Trim());
    }

    private static Found? Bracketed(string text, ref int position, int depth)
    {
        char open = text[position++], close = open == '(' ? ')' : ']';
        SkipSpaces(text, ref position);
        Found? inner = new(new List<object?>(), IsTuple: true);
        if (position < text.Length && text[position] != close)
            inner = Expression(text, ref position, depth + 1);
        if (inner is not { } found || position == text.Length || text[position] != close)
            return null;
        position++;
        // [0] is a list of one, but (0) is the number 0.
        return new Found(open == '[' && !found.IsTuple ? new List<object?> { found.Value } : found.Value);
    }

    private static Found? Atom(string text) => text switch
    {
        "None" or "null" or "~" => new Found(null),
        "True" or "true" or "TRUE" => new Found(true),
        "False" or "false" or "FALSE" => new Found(false),
        _ when WholeNumber().IsMatch(text) && long.TryParse(text.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)
            => new Found(whole),
        _ when DecimalNumber().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            => new Found(number),
        _ => null,
    };

    private static void SkipSpaces(string text, ref int position)
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
            position++;
    }

    // Not 010: to YAML 1.1 that is eight, to a reader ten, to Python a mistake.
    [GeneratedRegex(@"^[+-]?(0|[1-9][0-9_]*)$")]
    private static partial Regex WholeNumber();

    [GeneratedRegex(@"^[+-]?(([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)$")]
    private static partial Regex DecimalNumber();

    private readonly record struct Found(object? Value, bool IsTuple = false);
}
