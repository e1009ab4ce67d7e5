using System.Text.Encodings.Web;
using System.Text.Json;

namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>Rows as JSON lines; every line has every field, so that readers that infer a schema find one.</summary>
internal static class JsonLinesPart
{
    // The output is a data file, never part of a web page: names stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Stream stream, IEnumerable<ClassifiedRow> rows)
    {
        using var json = new Utf8JsonWriter(stream, Options);
        foreach (var row in rows)
        {
            json.WriteStartObject();
            json.WriteString("name", row.Name);
            json.WriteString("etag", row.ETag);
            json.WriteStartArray("predictions");
            foreach (var prediction in row.Predictions)
            {
                json.WriteStartObject();
                json.WriteNumber("index", prediction.Index);
                json.WriteString("label", prediction.Label);
                json.WriteNumber("probability", prediction.Probability);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("error", row.Error);
            json.WriteEndObject();
            json.Flush();
            stream.WriteByte((byte)'\n');
            json.Reset();
        }
    }
}
