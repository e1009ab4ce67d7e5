using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HrNetBatch.Wording;

/// <summary>What is wrong with JSON, for whoever wrote it: .NET's own messages name its types and settings, and count lines from 0.</summary>
public static partial class JsonFault
{
    // What the reader says of a sign that it did not expect, and what is meant. Numbers come last: their signs are told in many ways.
    private static readonly (string Said, string Meant)[] Signs =
    [
        ("invalid start of a value", "no value begins with '{0}'"),
        ("invalid start of a property name", "a field's name in double quotes is needed in the place of '{0}'"),
        ("invalid after a property name", "a colon is needed in the place of '{0}', behind a field's name"),
        ("invalid after a value", "a comma or a closing bracket is needed in the place of '{0}'"),
        ("invalid after a single JSON value", "behind its end stands '{0}'"),
        ("without a matching open", "'{0}' closes what was not opened"),
        ("invalid JSON literal", "'{0}' is none of true, false and null, and no text in double quotes"),
        ("JSON string", "a text holds '{0}', which must be escaped there, as \\n or \\u001b"),
        ("", "a number is not written as JSON writes it, at '{0}'"),
    ];

    /// <summary>Whether reading JSON may throw it: of a wrong form, kind or number, or of text that is no UTF-8.</summary>
    public static bool Is(Exception cause) => cause is JsonException or KeyNotFoundException or InvalidOperationException or FormatException;

    /// <summary>The fault as the end of a sentence, with its place where that is known.</summary>
    /// <param name="error">What the reader said.</param>
    /// <param name="saysPlace">Whether lines and columns are of something that people see.</param>
    public static string Of(Exception error, bool saysPlace = true)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            JsonException json => Of(json, saysPlace ? Place(json) : ""),
            FormatException => "a number is not what it should be",
            KeyNotFoundException => "a field is missing",
            _ => "a value is of another kind than it should be, or no UTF-8",
        };
    }

    private static string Of(JsonException error, string place)
    {
        string text = Tail().Replace(error.Message, "").TrimEnd('.');
        if (text.StartsWith("it ", StringComparison.Ordinal))
            return text;   // in our own words, by whoever found it
        string field = error.Path is { Length: > 2 } path ? path[2..] : "";
        if (Missing().Match(text) is { Success: true } missing)
        {
            string names = missing.Groups["names"].Value.Replace("'", "", StringComparison.Ordinal);
            return $"{(field.Length > 0 ? $"{field} " : "it ")}lacks {(names.Contains(',', StringComparison.Ordinal) ? "the fields" : "the field")} {names}";
        }
        if (Unknown().Match(text) is { Success: true } unknown)
            return $"it has the unknown field {unknown.Groups["name"].Value}{place}";
        if (text.Contains("allow setting null values", StringComparison.Ordinal))
            return $"{(field.Length > 0 ? field : "a field")} must not be null{place}";
        if (text.Contains("could not be converted", StringComparison.Ordinal))
            return $"{(field.Length > 0 ? $"{field} has a value" : "it is a value")} of another type{place}";
        if (Depth().Match(text) is { Success: true } depth)
            return $"its lists and objects lie more than {depth.Groups["depth"].Value} deep in one another{place}";
        if (text.Contains("does not contain any JSON tokens", StringComparison.Ordinal))
            return "it is empty";
        if (Ended().IsMatch(text))
            return $"it ends before it is complete{place}";
        if (text.Contains("trailing comma", StringComparison.Ordinal))
            return $"a comma stands before a closing bracket{place}";
        if (Sign().Match(text) is { Success: true } sign)
            return string.Format(CultureInfo.InvariantCulture, Signs.First(known => text.Contains(known.Said, StringComparison.Ordinal)).Meant, Shown(sign.Groups["sign"].Value)) + place;
        return $"it is no JSON{place}";
    }

    // Of what cannot be shown the reader gives the code.
    private static string Shown(string sign) => ForeignText.Printable(sign, 20);

    private static string Place(JsonException error) => error.LineNumber is { } line
        ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, column {error.BytePositionInLine + 1})")
        : "";

    [GeneratedRegex(@" (Path: .* \| )?LineNumber: .*$| Path: .*$", RegexOptions.Singleline)]
    private static partial Regex Tail();

    [GeneratedRegex("missing required properties including: (?<names>.*)$")]
    private static partial Regex Missing();

    [GeneratedRegex("JSON property '(?<name>.*)' could not be mapped")]
    private static partial Regex Unknown();

    [GeneratedRegex("maximum configured depth of (?<depth>[0-9]+)")]
    private static partial Regex Depth();

    [GeneratedRegex("Expected depth to be zero|reached end of data|not enough data", RegexOptions.IgnoreCase)]
    private static partial Regex Ended();

    [GeneratedRegex("^'(?<sign>.*?)' is |before '(?<sign>.*?)'", RegexOptions.Singleline)]
    private static partial Regex Sign();
}
