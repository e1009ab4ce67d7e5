using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace HrNetBatch.Wording;

/// <summary>What is wrong with JSON, for people: .NET's own messages name its types, and count lines from 0.</summary>
public static partial class JsonFault
{
    /// <summary>The fault as the end of a sentence, with its place where that is known.</summary>
    /// <param name="error">What the reader said.</param>
    /// <param name="saysPlace">Whether lines and columns are of something that people see.</param>
    public static string Of(JsonException error, bool saysPlace = true)
    {
        string place = saysPlace ? Place(error) : "";
        string text = Tail().Replace(error.Message, "").TrimEnd('.');
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
        if (text.Contains("does not contain any JSON tokens", StringComparison.Ordinal))
            return "it is empty";
        if (text.Contains("Expected depth to be zero", StringComparison.Ordinal) || text.Contains("reached end of data", StringComparison.Ordinal))
            return $"it ends before it is complete{place}";
        return text + place;
    }

    private static string Place(JsonException error) => error.LineNumber is { } line
        ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, column {error.BytePositionInLine + 1})")
        : "";

    [GeneratedRegex(@" (Path: .* \| )?LineNumber: .*$| Path: .*$", RegexOptions.Singleline)]
    private static partial Regex Tail();

    [GeneratedRegex("missing required properties including: (?<names>.*)$")]
    private static partial Regex Missing();

    [GeneratedRegex("JSON property '(?<name>.*)' could not be mapped")]
    private static partial Regex Unknown();
}
