using System.Text.Json;

namespace HrNetBatch.Jobs.Messages;

/// <summary>On which line of a JSON document each of its values stands, by paths such as <c>then[0].arguments.topK</c>.</summary>
internal sealed class JsonLines
{
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal) { [""] = 1 };

    /// <summary>Reads a document.</summary>
    /// <param name="json">JSON without faults.</param>
    public JsonLines(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var open = new Stack<(string Path, bool IsList, int Count)>();
        string path = "";
        int line = 1, counted = 0;
        while (reader.Read())
        {
            int start = (int)reader.TokenStartIndex;
            line += json[counted..start].Count((byte)'\n');
            counted = start;
            if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
            {
                open.Pop();
                continue;
            }
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                path = open.Peek().Path is { Length: > 0 } parent ? $"{parent}.{reader.GetString()}" : reader.GetString()!;
                _lines[path] = line;
                continue;
            }
            if (open.TryPeek(out (string Path, bool IsList, int Count) list) && list.IsList)
            {
                open.Pop();
                open.Push(list with { Count = list.Count + 1 });
                path = $"{list.Path}[{list.Count}]";
                _lines[path] = line;
            }
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                open.Push((path, reader.TokenType == JsonTokenType.StartArray, 0));
        }
    }

    /// <summary>The line of a value; of one that is missing, where the object begins that should have it.</summary>
    public int Of(string path)
    {
        int line;
        while (!_lines.TryGetValue(path, out line))
            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        return line;
    }
}
