using System.Security.Cryptography;

namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>Writes rows as one part in the format of the job. The same rows give the same bytes, which makes finishing repeatable.</summary>
internal static class PartWriter
{
    /// <summary>The part's content, in memory: a part is one unit of work, and a unit is small.</summary>
    /// <param name="format">The job's format.</param>
    /// <param name="rows">The rows in their order.</param>
    /// <param name="topK">How many classes the job asks for; fixes the columns of a CSV.</param>
    /// <param name="cancellation">Stops the writing.</param>
    public static async Task<PartContent> WriteAsync(PartFormat format, IReadOnlyList<ClassifiedRow> rows, int topK, CancellationToken cancellation)
    {
        var stream = new MemoryStream();
        switch (format)
        {
            case PartFormat.Parquet: await ParquetPart.WriteAsync(stream, rows, cancellation); break;
            case PartFormat.JsonLines: JsonLinesPart.Write(stream, rows); break;
            case PartFormat.Csv: CsvPart.Write(stream, rows, topK); break;
        }
        stream.Position = 0;
        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
        stream.Position = 0;
        return new(stream, rows.Count, stream.Length, sha256);
    }
}

/// <summary>A written part, before it is uploaded.</summary>
internal sealed record PartContent(MemoryStream Stream, int RowCount, long Bytes, string Sha256);
