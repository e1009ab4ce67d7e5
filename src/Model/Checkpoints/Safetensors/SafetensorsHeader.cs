using System.Globalization;
using System.Text.Json;
using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints.Safetensors;

/// <summary>The JSON at the beginning of a safetensors file: {name: {dtype, shape, data_offsets}, "__metadata__": {text: text}}.</summary>
/// <param name="Entries">In the header's order.</param>
/// <param name="Metadata">The texts beside them.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    public const string MetadataKey = "__metadata__";
    private const int NestingDepth = 8;

    /// <summary>Reads the header; nothing in it may be repeated, unknown or missing.</summary>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = NestingDepth });
        try
        {
            return Parse(ref reader);
        }
        catch (Exception e) when (JsonFault.Is(e))
        {
            throw new InvalidDataException($"its safetensors header is not valid JSON: {JsonFault.Of(e)}", e);
        }
    }

    private static SafetensorsHeader Parse(ref Utf8JsonReader reader)
    {
        var entries = new List<SafetensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Step(ref reader, JsonTokenType.StartObject, "the header");
        while (NextName(ref reader, "the header") is { } name)
        {
            if (!names.Add(name))
                throw new InvalidDataException($"its safetensors header describes '{name}' twice, so readers could disagree about it");
            if (name == MetadataKey)
                ReadMetadata(ref reader, metadata);
            else
                entries.Add(ReadEntry(ref reader, name));
        }
        while (reader.Read()) // nothing but spaces may follow, which the reader sees to
        {
        }
        return new SafetensorsHeader(entries, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Step(ref reader, JsonTokenType.StartObject, MetadataKey);
        while (NextName(ref reader, MetadataKey) is { } key)
        {
            Step(ref reader, JsonTokenType.String, $"{MetadataKey} '{key}'");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw new InvalidDataException($"its safetensors {MetadataKey} holds '{key}' twice");
        }
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        string what = $"tensor '{name}'";
        string? typeName = null;
        long[]? shape = null, offsets = null;
        Step(ref reader, JsonTokenType.StartObject, what);
        while (NextName(ref reader, what) is { } field)
        {
            switch (field)
            {
                case "dtype" when typeName is null:
                    Step(ref reader, JsonTokenType.String, $"the dtype of {what}");
                    typeName = reader.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, $"the shape of {what}");
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, $"the data_offsets of {what}");
                    break;
                default:
                    throw new InvalidDataException($"its safetensors header gives {what} a field '{field}' that is unknown or there twice");
            }
        }
        if (typeName is null || shape is null || offsets is not [var begin, var end])
            throw new InvalidDataException($"its safetensors header must give {what} a dtype, a shape and two data_offsets");
        ScalarType type = SafetensorsTypes.Find(typeName)
            ?? throw new InvalidDataException($"{what} has elements of type {typeName}, which are not read: convert the weights to F32 in Python and save them again");
        RefuseOtherSize(what, type, shape, begin, end);
        return new SafetensorsEntry(name, type, shape, begin, end);
    }

    private static void RefuseOtherSize(string what, ScalarType type, long[] shape, long begin, long end)
    {
        Int128 count = 1;
        foreach (long size in shape)
        {
            // Each factor is under 2^63, so the product cannot pass 2^126 before it is refused.
            count *= size;
            if (count > long.MaxValue)
                throw new InvalidDataException($"{what} has a shape beyond any file's size");
        }
        if (count == 0 && PickledTensors.IsVast(shape))
            throw new InvalidDataException($"{what} has a shape beyond any file's size");
        if (begin > end || count * PickleGlobals.ElementBytes(type) != end - begin)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{what} of shape [{string.Join(", ", shape)}] and type {SafetensorsTypes.NameOf(type)} needs {count * PickleGlobals.ElementBytes(type)} bytes, and its data_offsets are [{begin}, {end}]"));
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string what)
    {
        Step(ref reader, JsonTokenType.StartArray, what);
        var numbers = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw new InvalidDataException($"{what} must be whole numbers, none negative");
            if (numbers.Count == PickleLimits.DimensionCount)
                throw new InvalidDataException($"{what} has more than {PickleLimits.DimensionCount} numbers");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static string? NextName(ref Utf8JsonReader reader, string where)
    {
        reader.Read();
        return reader.TokenType switch
        {
            JsonTokenType.PropertyName => reader.GetString()!,
            JsonTokenType.EndObject => null,
            _ => throw new InvalidDataException($"its safetensors header is damaged at {where}"),
        };
    }

    private static void Step(ref Utf8JsonReader reader, JsonTokenType expected, string where)
    {
        if (!reader.Read() || reader.TokenType != expected)
            throw new InvalidDataException($"its safetensors header holds {Word(reader.TokenType)} where {where} should be {Word(expected)}");
    }

    private static string Word(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        JsonTokenType.True or JsonTokenType.False => "a truth value",
        _ => "nothing",
    };
}
