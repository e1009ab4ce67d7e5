using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Plain values of a checkpoint as JSON, and back. Tensors have no place there: they are described.</summary>
public static class CheckpointJson
{
    // Labels stay as people wrote them; nobody puts this into a web page unescaped.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a value: dictionaries as objects (numbers as names in text), lists and tuples as arrays, a tensor of one element as its number, others as text that describes them.</summary>
    public static string Write(CheckpointValue value) => ToNode(value)?.ToJsonString(Readable) ?? "null";

    /// <summary>The value as a node; null for None. Numbers that JSON lacks (NaN, infinity) are texts.</summary>
    public static JsonNode? ToNode(CheckpointValue value) => value switch
    {
        CheckpointNone => null,
        CheckpointBoolean boolean => boolean.Value,
        CheckpointInteger integer => integer.Value,
        CheckpointText text => text.Text,
        CheckpointList list => new JsonArray([.. list.Items.Select(ToNode)]),
        CheckpointTuple tuple => new JsonArray([.. tuple.Items.Select(ToNode)]),
        CheckpointDictionary dictionary => ToObject(dictionary),
        CheckpointTensor { IsScalar: false } => value.ToString(),
        _ => value.AsInteger() is { } whole ? whole : value.AsNumber() is { } number && double.IsFinite(number) ? number : value.ToString(),
    };

    /// <summary>Reads what <see cref="Write"/> wrote of values without tensors.</summary>
    /// <exception cref="JsonException">The text is not JSON, or nests deeper than any card.</exception>
    public static CheckpointValue Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = Pickle.PickleLimits.TreeDepth });
        return FromElement(document.RootElement);
    }

    private static JsonObject ToObject(CheckpointDictionary dictionary)
    {
        var result = new JsonObject();
        foreach ((CheckpointValue key, CheckpointValue item) in dictionary)
            result[key.AsText() ?? key.ToString()!] = ToNode(item);
        return result;
    }

    private static CheckpointValue FromElement(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString()!;
            case JsonValueKind.Number:
                return element.TryGetInt64(out long integer) ? new CheckpointInteger(integer) : new CheckpointFloat(element.GetDouble());
            case JsonValueKind.True or JsonValueKind.False:
                return element.GetBoolean();
            case JsonValueKind.Array:
                return new CheckpointList([.. element.EnumerateArray().Select(FromElement)]);
            case JsonValueKind.Object:
                var dictionary = new CheckpointDictionary();
                foreach (JsonProperty property in element.EnumerateObject())
                    dictionary.Add(property.Name, FromElement(property.Value));
                return dictionary;
            default:
                return CheckpointNone.Instance;
        }
    }
}
