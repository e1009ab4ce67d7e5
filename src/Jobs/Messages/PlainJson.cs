using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>What serializers of other languages write differently, and means the same.</summary>
internal static class PlainJson
{
    /// <summary>The same JSON with <c>3.0</c> as <c>3</c>: to JSON, and to the schemas, both are whole numbers.</summary>
    public static JsonElement WithWholeNumbers(JsonElement element)
    {
        if (!HasFractionOfZeros(element))
            return element;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, element);
        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    /// <summary>
    /// The same object without the fields that are null and have a default of their own: who writes an absent value as null asks for that
    /// default. Where null means something, it stays.
    /// </summary>
    public static JsonElement WithoutNulls(Type type, JsonElement fields)
    {
        if (fields.ValueKind != JsonValueKind.Object)
            return fields;
        HashSet<string> defaulted = [.. JobJson.Options.GetTypeInfo(type).Properties.Where(IsDefaulted).Select(property => property.Name)];
        bool IsLeftOut(JsonProperty field) => field.Value.ValueKind == JsonValueKind.Null && defaulted.Contains(field.Name);
        if (!fields.EnumerateObject().Any(IsLeftOut))
            return fields;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty field in fields.EnumerateObject().Where(field => !IsLeftOut(field)))
                field.WriteTo(writer);
            writer.WriteEndObject();
        }
        using JsonDocument document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    private static bool IsDefaulted(JsonPropertyInfo property) => !property.IsSetNullable && !property.IsRequired;

    private static bool HasFractionOfZeros(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => WholePart(element.GetRawText()) is not null,
        JsonValueKind.Array => element.EnumerateArray().Any(HasFractionOfZeros),
        JsonValueKind.Object => element.EnumerateObject().Any(field => HasFractionOfZeros(field.Value)),
        _ => false,
    };

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Number when WholePart(element.GetRawText()) is { } whole:
                writer.WriteRawValue(whole);
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty field in element.EnumerateObject())
                {
                    writer.WritePropertyName(field.Name);
                    Write(writer, field.Value);
                }
                writer.WriteEndObject();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    // Minus zero is no whole number, and an exponent is nobody's way to write a count.
    private static string? WholePart(string number)
    {
        int point = number.IndexOf('.', StringComparison.Ordinal);
        return point > 0 && number.AsSpan(point + 1).TrimEnd('0').IsEmpty && number[..point] != "-0" ? number[..point] : null;
    }
}
