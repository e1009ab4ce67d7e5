using System.Text.Json;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Runs;

/// <summary>A run as one JSON object a line: <c>{"step": 10, "time": "…", "train_loss": 0.7, …}</c>, with every curve that has a point at that step.</summary>
public static class RunLog
{
    private static readonly ReadOnlyMemory<byte> NewLine = "\n"u8.ToArray();

    /// <summary>Writes all lines. What is no number, such as the loss of a run that diverged, is null.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="points">By step.</param>
    public static void Write(Stream stream, IReadOnlyList<RecordedPoint> points)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { SkipValidation = true });
        foreach (IGrouping<long, RecordedPoint> step in points.GroupBy(point => point.Step))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step.Key);
            json.WriteString("time", step.Max(point => point.At).UtcDateTime);
            foreach (RecordedPoint point in step)
            {
                if (double.IsFinite(point.Value)) json.WriteNumber(point.Name, point.Value);
                else json.WriteNull(point.Name);
            }
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            stream.Write(NewLine.Span);
        }
    }
}
