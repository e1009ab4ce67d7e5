using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Terminal;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Cli.Predicting;

/// <summary>What became of one file: its best classes, or why it has none.</summary>
/// <param name="File">The file as it was named.</param>
/// <param name="Predictions">Best first; null for a file that failed.</param>
/// <param name="Error">The reason; null for a file that did not fail.</param>
internal sealed record FilePrediction(string File, IReadOnlyList<Prediction>? Predictions, string? Error)
{
    // Standard output is no web page: names stay readable.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line: <c>{"file", "predictions": [{"index", "label", "probability"}]}</c> or <c>{"file", "error"}</c>.</summary>
    public string ToJson()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("file", File);
            if (Error is not null)
            {
                json.WriteString("error", Error);
            }
            else
            {
                json.WriteStartArray("predictions");
                foreach (Prediction prediction in Predictions!)
                {
                    json.WriteStartObject();
                    json.WriteNumber("index", prediction.Index);
                    json.WriteString("label", prediction.Label);   // null where nobody knows it
                    json.WriteNumber("probability", prediction.Probability);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>For people.</summary>
    public void Show()
    {
        if (Error is not null)
        {
            Screen.Error(Printable.Line($"{File}: {Error}"));
            return;
        }
        Screen.WriteLine(File);
        foreach (Prediction prediction in Predictions!)
        {
            string probability = (prediction.Probability * 100).ToString("0.0", CultureInfo.InvariantCulture);
            Screen.WriteLine($"  {probability,5} %  {prediction.Label ?? $"class {prediction.Index}"}");
        }
    }
}
