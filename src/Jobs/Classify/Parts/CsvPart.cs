using System.Buffers;
using System.Globalization;
using System.Text;

namespace HrNetBatch.Jobs.Classify.Parts;

/// <summary>Rows as CSV (RFC 4180: CRLF, quotes doubled), in UTF-8 without a byte-order mark; three columns for each of the top k.</summary>
internal static class CsvPart
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    public static void Write(Stream stream, IEnumerable<ClassifiedRow> rows, int topK)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\r\n" };
        var ranks = Enumerable.Range(1, topK).SelectMany(k => new[] { $"index_{k}", $"label_{k}", $"probability_{k}" });
        WriteLine(writer, ["name", "etag", .. ranks, "error"]);
        foreach (var row in rows)
        {
            var predictions = Enumerable.Range(0, topK).SelectMany(k => k < row.Predictions.Count
                ? new[] { Text(row.Predictions[k].Index), row.Predictions[k].Label, Text(row.Predictions[k].Probability) }
                : [null, null, null]);
            WriteLine(writer, [row.Name, row.ETag, .. predictions, row.Error]);
        }
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private static void WriteLine(StreamWriter writer, IEnumerable<string?> fields) => writer.WriteLine(string.Join(',', fields.Select(Quoted)));

    private static string? Quoted(string? field) =>
        field is not null && field.AsSpan().ContainsAny(Special) ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
