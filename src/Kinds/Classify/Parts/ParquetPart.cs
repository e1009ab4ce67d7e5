using System.Text.Json.Serialization;
using Parquet.Serialization;

namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>Rows as Parquet: the best class in columns of its own, as most queries ask only for it, and the top k as lists.</summary>
internal static class ParquetPart
{
    public static Task WriteAsync(Stream stream, IEnumerable<ClassifiedRow> rows, CancellationToken cancellation) =>
        ParquetSerializer.SerializeAsync(rows.Select(Row.Of), stream, cancellationToken: cancellation);

    /// <summary>The columns, in their order.</summary>
    internal sealed class Row
    {
        [JsonPropertyName("name")] public string Name { get; set; } = "";
        [JsonPropertyName("etag")] public string ETag { get; set; } = "";
        [JsonPropertyName("index")] public int? Index { get; set; }
        [JsonPropertyName("label")] public string? Label { get; set; }
        [JsonPropertyName("probability")] public float? Probability { get; set; }
        [JsonPropertyName("indices")] public List<int>? Indices { get; set; }
        [JsonPropertyName("labels")] public List<string>? Labels { get; set; }
        [JsonPropertyName("probabilities")] public List<float>? Probabilities { get; set; }
        [JsonPropertyName("error")] public string? Error { get; set; }

        public static Row Of(ClassifiedRow row)
        {
            var written = new Row { Name = row.Name, ETag = row.ETag, Error = row.Error };
            if (row.Predictions is not [var best, ..]) return written;

            written.Index = best.Index;
            written.Label = best.Label;
            written.Probability = best.Probability;
            written.Indices = [.. row.Predictions.Select(p => p.Index)];
            if (best.Label is not null) written.Labels = [.. row.Predictions.Select(p => p.Label!)]; // a checkpoint names all classes or none
            written.Probabilities = [.. row.Predictions.Select(p => p.Probability)];
            return written;
        }
    }
}
