using System.Text;
using HrNetBatch.Jobs;

namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>Rows as CSV (RFC 4180: CRLF, quotes doubled), in UTF-8 without a byte-order mark; three columns for each of the top k.</summary>
internal static class CsvPart
{
    public static void Write(Stream stream, IEnumerable<ClassifiedRow> rows, int topK)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        var ranks = Enumerable.Range(1, topK).SelectMany(k => new[] { $"index_{k}", $"label_{k}", $"probability_{k}" });
        Csv.WriteLine(writer, ["name", "etag", .. ranks, "error"]);
        foreach (var row in rows)
        {
            var predictions = Enumerable.Range(0, topK).SelectMany(k => k < row.Predictions.Count
                ? new[] { Csv.Text(row.Predictions[k].Index), row.Predictions[k].Label, Csv.Text(row.Predictions[k].Probability) }
                : [null, null, null]);
            Csv.WriteLine(writer, [row.Name, row.ETag, .. predictions, row.Error]);
        }
    }
}
