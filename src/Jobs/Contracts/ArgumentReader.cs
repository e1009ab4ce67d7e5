using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>Reads a kind's arguments strictly: field by field, so that a refusal names every field at fault at once.</summary>
internal static class ArgumentReader
{
    private const string AnObject = "an object";

    /// <summary>The arguments, checked.</summary>
    public static IJobArguments Read(JobKind kind, JsonElement arguments)
    {
        List<string> faults = FieldFaults(kind.ArgumentsType, arguments, isLeftOut: _ => false);
        if (faults.Count == 0)
        {
            IJobArguments parsed = (IJobArguments)arguments.Deserialize(kind.ArgumentsType, JobJson.Options)!;
            faults.AddRange(parsed.Faults());
            if (faults.Count == 0)
                return parsed;
        }

        throw new JobArgumentsException(kind.Name, faults);
    }

    /// <summary>What is already known to be wrong with a follower's arguments.</summary>
    public static List<string> TemplateFaults(JobKind kind, JsonElement arguments)
    {
        List<string> faults = FieldFaults(kind.ArgumentsType, arguments, isLeftOut: field => ResultTemplate.AppearsIn(field.Value));
        if (arguments.ValueKind == JsonValueKind.Object)
            faults.AddRange(arguments.EnumerateObject().SelectMany(field => PathFaults(kind.ArgumentsType, field)));
        return faults;
    }

    // What stands beside a placeholder in a path is known already, and must not wait for hours of training to be refused.
    private static IEnumerable<string> PathFaults(Type type, JsonProperty field)
    {
        JsonPropertyInfo? property = JobJson.Options.GetTypeInfo(type).Properties.FirstOrDefault(known => known.Name == field.Name);
        bool isPath = property?.AttributeProvider?.GetCustomAttributes(inherit: true).Any(rule => rule is PathRuleAttribute) ?? false;
        return isPath && field.Value.ValueKind == JsonValueKind.String && ResultTemplate.AppearsIn(field.Value)
            ? ValueFaults(property!, JsonSerializer.SerializeToElement(ResultTemplate.WithExamples(field.Value.GetString()!)))
            : [];
    }

    /// <summary>What is wrong with the fields of a JSON object that is to become a <paramref name="type"/>, rules across fields aside.</summary>
    /// <param name="type">The record.</param>
    /// <param name="arguments">The object.</param>
    /// <param name="isLeftOut">Known fields whose values somebody else checks.</param>
    public static List<string> FieldFaults(Type type, JsonElement arguments, Func<JsonProperty, bool> isLeftOut)
    {
        if (arguments.ValueKind != JsonValueKind.Object)
            return [$"arguments: a JSON object is needed, this is {Describe(arguments)}"];

        Dictionary<string, JsonPropertyInfo> known = JobJson.Options.GetTypeInfo(type).Properties
            .Where(property => property.Set is not null || property.AssociatedParameter is not null)
            .ToDictionary(property => property.Name, StringComparer.Ordinal);
        List<string> faults = [];
        HashSet<string> given = new(StringComparer.Ordinal);
        foreach (JsonProperty field in arguments.EnumerateObject())
        {
            if (!given.Add(field.Name))
                faults.Add($"{field.Name}: given twice");
            else if (!known.TryGetValue(field.Name, out JsonPropertyInfo? property))
                faults.Add($"{field.Name}: unknown field; known are {string.Join(", ", known.Keys)}");
            else if (!isLeftOut(field))
                faults.AddRange(ValueFaults(property, field.Value));
        }

        faults.AddRange(known.Values.Where(property => property.IsRequired && !given.Contains(property.Name)).Select(property => $"{property.Name}: is required"));
        return faults;
    }

    private static IEnumerable<string> ValueFaults(JsonPropertyInfo property, JsonElement given)
    {
        if (given.ValueKind == JsonValueKind.Null)
            return property.IsSetNullable ? [] : [$"{property.Name}: must not be null"];

        object? value;
        try
        {
            value = given.Deserialize(property.PropertyType, JobJson.Options);
        }
        catch (JsonException exception) when (given.ValueKind == JsonValueKind.Object && Expected(property.PropertyType) == AnObject)
        {
            return [$"{property.Name}: {JsonFault.Of(exception, saysPlace: false)}"];
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            return [$"{property.Name}: {Expected(property.PropertyType)} is needed, this is {Describe(given)}"];
        }

        // Without an offset it would mean another time on each machine; the first and the last time of all are infinities to the ledger.
        if (value is DateTimeOffset time && (time.Year is < 1970 or > 9000 || !HasOffset(given)))
            return [$"{property.Name}: {Expected(property.PropertyType)} is needed, this is {Describe(given)}"];
        if (value is double.NaN or double.PositiveInfinity or double.NegativeInfinity)
            return [$"{property.Name}: a finite number is needed, this is {Describe(given)}"];

        ValidationContext context = new(property) { MemberName = property.Name, DisplayName = property.Name };
        object[] rules = property.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true) ?? [];
        return rules.Cast<ValidationAttribute>()
            .Select(rule => (Fault: rule.GetValidationResult(value, context)?.ErrorMessage, Needed: NeededValue.Of(rule)))
            .Where(rule => rule.Fault is not null)
            .Select(rule => rule.Needed is { } needed ? $"{property.Name}: {needed} is needed, this is {Describe(given)}" : rule.Fault!.TrimEnd('.'));
    }

    private static bool HasOffset(JsonElement time) => !time.TryGetDateTime(out DateTime written) || written.Kind != DateTimeKind.Unspecified;

    private static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) || type == typeof(float) => "a number",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(string) => "a string",
            _ when type == typeof(Guid) => "a UUID such as \"0190b7a3-5c5e-7000-8000-000000000001\"",
            _ when type == typeof(DateTimeOffset) => "a time with its offset from UTC, such as \"2030-01-31T06:00:00Z\",",
            _ when type == typeof(TimeSpan) => "a duration such as \"00:05:00\"",
            _ when type.IsEnum => "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName)),
            _ when type.IsAssignableTo(typeof(System.Collections.IEnumerable)) => $"a list of {Items(type)}",
            _ => AnObject,
        };
    }

    private static string Items(Type list) => (list.GetElementType() ?? list.GetGenericArguments().FirstOrDefault()) switch
    {
        var item when item == typeof(int) || item == typeof(long) => "whole numbers",
        var item when item == typeof(double) || item == typeof(float) => "numbers",
        var item when item == typeof(string) => "strings",
        _ => "objects",
    };

    private static string Describe(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
