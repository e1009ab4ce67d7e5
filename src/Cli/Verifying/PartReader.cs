using System.Globalization;
using System.Text;
using System.Text.Json;
using HrNetBatch.Cli.Output;
using Parquet.Serialization;

namespace HrNetBatch.Cli.Verifying;

/// <summary>Reads the rows of parts by the description in docs/classify.md, with none of the code that writes them.</summary>
internal static class PartReader
{
    /// <summary>The rows in their order.</summary>
    /// <exception cref="InvalidDataException">It is no part of this format.</exception>
    public static async Task<IReadOnlyList<PartRow>> ReadAsync(Stream content, string format, CancellationToken cancellation)
    {
        try
        {
            return format switch
            {
                "parquet" => [.. (await ParquetSerializer.DeserializeUntypedAsync(content, cancellationToken: cancellation)).Data.Select(Parquet)],
                "jsonl" => await JsonLinesAsync(content, cancellation),
                "csv" => Csv(await new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true)).ReadToEndAsync(cancellation)),
                _ => throw new InvalidDataException($"'{format}' is none of parquet, jsonl, csv"),
            };
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException("it holds bytes that are not UTF-8");
        }
        catch (Exception error) when (error is not (OperationCanceledException or InvalidDataException))
        {
            throw new InvalidDataException("its content is not that of a part", error);
        }
    }

    private static PartRow Parquet(Dictionary<string, object> row) =>
        new((string)row["name"], (string)row["etag"], (int?)row.GetValueOrDefault("index"), (float?)row.GetValueOrDefault("probability"), row.GetValueOrDefault("error") as string);

    private static async Task<IReadOnlyList<PartRow>> JsonLinesAsync(Stream content, CancellationToken cancellation)
    {
        var rows = new List<PartRow>();
        using var reader = new StreamReader(content, new UTF8Encoding(false, throwOnInvalidBytes: true));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            try
            {
                rows.Add(JsonRow(line));
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                throw new InvalidDataException($"line {rows.Count + 1} is no row", error);
            }
        }
        return rows;
    }

    private static PartRow JsonRow(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement row = document.RootElement, predictions = row.GetProperty("predictions");
        (int?, double?) best = predictions.GetArrayLength() == 0 ? (null, null) : (predictions[0].GetProperty("index").GetInt32(), predictions[0].GetProperty("probability").GetDouble());
        return new PartRow(row.GetProperty("name").GetString()!, row.GetProperty("etag").GetString()!, best.Item1, best.Item2, row.GetProperty("error").GetString());
    }

    private static List<PartRow> Csv(string text)
    {
        using IEnumerator<string[]> lines = CsvLines(text).GetEnumerator();
        if (!lines.MoveNext() || lines.Current is not ["name", "etag", "index_1", "label_1", "probability_1", .., "error"]) throw new InvalidDataException("its header is not that of a part");
        int width = lines.Current.Length;
        var rows = new List<PartRow>();
        while (lines.MoveNext())
        {
            string[] fields = lines.Current;
            if (fields.Length != width) throw new InvalidDataException($"row {rows.Count + 1} has {Words.Count(fields.Length, "field")}, its header {width}");
            (int?, double?) best = fields[2].Length == 0 ? (null, null) : (int.Parse(fields[2], CultureInfo.InvariantCulture), double.Parse(fields[4], CultureInfo.InvariantCulture));
            rows.Add(new PartRow(fields[0], fields[1], best.Item1, best.Item2, fields[^1].Length > 0 ? fields[^1] : null));
        }
        return rows;
    }

    // RFC 4180: lines end with CRLF; a field in quotes may hold commas, line ends and doubled quotes.
    private static IEnumerable<string[]> CsvLines(string text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (isQuoted && character == '"' && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append(text[++i]);
            }
            else if (character == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && character is ',' or '\n')
            {
                if (character == '\n' && field is [.., '\r']) field.Length--;
                fields.Add(field.ToString());
                field.Clear();
                if (character != '\n') continue;
                yield return [.. fields];
                fields.Clear();
            }
            else
            {
                field.Append(character);
            }
        }
        if (isQuoted || field.Length > 0 || fields.Count > 0) throw new InvalidDataException("it ends within a row");
    }
}
