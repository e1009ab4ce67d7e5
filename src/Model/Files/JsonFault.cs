using System.Globalization;
using System.Text.Json;

namespace HrNetBatch.Model.Files;

/// <summary>What is wrong with a list of ours in JSON, in words for whoever wrote the list.</summary>
internal static class JsonFault
{
    /// <summary>Whether reading JSON may throw it: of a wrong form, kind or number, or of text that is no UTF-8.</summary>
    public static bool Is(Exception cause) => cause is JsonException or KeyNotFoundException or InvalidOperationException or FormatException;

    /// <summary>The fault as a sentence without its full stop.</summary>
    public static string Describe(Exception cause) => cause switch
    {
        JsonException { LineNumber: { } line, BytePositionInLine: { } at } json => string.Create(CultureInfo.InvariantCulture,
            $"{(json.Path is { Length: > 1 } path ? $"{path} is not what it should be" : "it is no JSON")}, in line {line + 1} at byte {at + 1}"),
        FormatException => "a number is not what it should be",
        KeyNotFoundException => "a field is missing",
        JsonException => "it is no JSON object",
        _ => "a value is of another kind than it should be, or no UTF-8",
    };
}
