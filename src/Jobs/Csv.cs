using System.Buffers;
using System.Globalization;
using System.Text;

namespace HrNetBatch.Jobs;

/// <summary>Rows as CSV: RFC 4180 (CRLF, quotes doubled), UTF-8 without a byte-order mark, numbers as every program reads them.</summary>
public static class Csv
{
    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    /// <summary>A whole small table; null is an empty field.</summary>
    public static byte[] Of(IEnumerable<string> header, IEnumerable<object?[]> rows)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        WriteLine(text, header);
        foreach (object?[] row in rows)
            WriteLine(text, row.Select(value => value is IFormattable number ? Text(number) : value?.ToString()));
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Writes one row.</summary>
    public static void WriteLine(TextWriter writer, IEnumerable<string?> fields)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(string.Join(',', fields.Select(Quoted)));
        writer.Write("\r\n");
    }

    /// <summary>A number in a field.</summary>
    public static string Text(IFormattable number)
    {
        ArgumentNullException.ThrowIfNull(number);
        return number.ToString(null, CultureInfo.InvariantCulture);
    }

    private static string? Quoted(string? field) =>
        field is not null && field.AsSpan().ContainsAny(Special) ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
