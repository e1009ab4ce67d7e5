using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>
/// Fills <c>{{result.field}}</c> in a follower's arguments from its parent's result. A string that is nothing but one placeholder
/// takes the field as it is (a number stays a number); inside a longer string the field's text is inserted.
/// </summary>
public static partial class ResultTemplate
{
    /// <summary>Whether any string in <paramref name="arguments"/> holds a placeholder.</summary>
    public static bool AppearsIn(JsonElement arguments) => arguments.ValueKind switch
    {
        JsonValueKind.String => Placeholder().IsMatch(arguments.GetString()!),
        JsonValueKind.Array => arguments.EnumerateArray().Any(AppearsIn),
        JsonValueKind.Object => arguments.EnumerateObject().Any(field => AppearsIn(field.Value)),
        _ => false,
    };

    /// <summary>The arguments with every placeholder filled.</summary>
    /// <exception cref="JobException">The result lacks a field that a placeholder names; permanent.</exception>
    public static JsonElement Fill(JsonElement arguments, JsonElement result) =>
        JsonSerializer.SerializeToElement(Filled(arguments, result), JobJson.Options);

    /// <summary>A path with examples in place of its placeholders, by which the rest of it can be judged: at its start a blob, elsewhere a word.</summary>
    public static string WithExamples(string path) => Placeholder().Replace(path, match => match.Index == 0 ? "blob://account/container/result" : "result");

    private static JsonNode? Filled(JsonElement value, JsonElement result) => value.ValueKind switch
    {
        JsonValueKind.String => FilledString(value.GetString()!, result),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(item => Filled(item, result))]),
        JsonValueKind.Object => new JsonObject(value.EnumerateObject().Select(field => KeyValuePair.Create(field.Name, Filled(field.Value, result)))),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(value),
    };

    private static JsonValue? FilledString(string text, JsonElement result)
    {
        Match whole = Placeholder().Match(text);
        if (whole.Success && whole.Length == text.Length)
            return JsonValue.Create(Field(whole, result));

        return JsonValue.Create(Placeholder().Replace(text, match =>
        {
            JsonElement field = Field(match, result);
            return field.ValueKind == JsonValueKind.String ? field.GetString()! : field.GetRawText();
        }));
    }

    private static JsonElement Field(Match placeholder, JsonElement result)
    {
        string name = placeholder.Groups["field"].Value;
        if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty(name, out JsonElement field) && field.ValueKind != JsonValueKind.Null)
            return field;

        string known = result.ValueKind == JsonValueKind.Object ? string.Join(", ", result.EnumerateObject().Select(property => property.Name)) : "";
        throw new JobException($"{placeholder.Value} asks for the field \"{name}\", which the parent's result lacks (it has: {known}). Submit this job again with the value written out.");
    }

    [GeneratedRegex(@"\{\{\s*result\.(?<field>[A-Za-z0-9_]+)\s*\}\}")]
    private static partial Regex Placeholder();
}
