using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HrNetBatch.Cli.Submission;

/// <summary>Turns what was typed into the JSON that the field's type asks for; what does not fit stays text and is refused by the job's own rules.</summary>
internal static class OptionValue
{
    public static JsonNode? ToJson(IReadOnlyList<string> typed, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type != typeof(string) && type.IsAssignableTo(typeof(System.Collections.IEnumerable)))
        {
            Type item = type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[0];
            return new JsonArray([.. typed
                .SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .Select(text => One(text, item))]);
        }
        return typed.Count == 0 && type == typeof(bool) ? JsonValue.Create(true) : One(typed[0], type);
    }

    private static JsonNode? One(string text, Type type)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        if ((type == typeof(int) || type == typeof(long)) && long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out long whole))
            return JsonValue.Create(whole);
        if ((type == typeof(double) || type == typeof(float)) && double.TryParse(text, NumberStyles.Float, culture, out double number) && double.IsFinite(number))
            return JsonValue.Create(number);
        if (type == typeof(bool) && bool.TryParse(text, out bool truth)) return JsonValue.Create(truth);
        if (type == typeof(TimeSpan) && Duration(text) is { } duration) return JsonValue.Create(duration.ToString("c", culture));
        return type.IsClass && type != typeof(string) && Json(text) is { } node ? node : JsonValue.Create(text);
    }

    private static JsonNode? Json(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>90s, 5m, 2h; anything else is left to the usual form 00:05:00.</summary>
    private static TimeSpan? Duration(string text)
    {
        if (text.Length < 2 || !double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double amount)) return null;
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(amount),
            'm' => TimeSpan.FromMinutes(amount),
            'h' => TimeSpan.FromHours(amount),
            _ => null,
        };
    }
}
