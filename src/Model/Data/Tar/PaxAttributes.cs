using System.Buffers.Text;
using System.Globalization;

namespace HrNetBatch.Model.Data.Tar;

/// <summary>
/// What a PAX header says of the member after it, or of all after it, as far as reading needs it: path, size and where a file with
/// holes has content. Of a keyword that comes twice the last counts.
/// </summary>
internal sealed class PaxAttributes
{
    private readonly List<long> _offsets = [], _lengths = [];
    private string? _map;
    private int? _major, _minor;
    private bool _isOfOldFormat;

    /// <summary>The member's path; null: its own header's.</summary>
    public string? Path { get; private set; }

    /// <summary>The path of a file with holes, whose header bears an invented one.</summary>
    public string? SparseName { get; private set; }

    /// <summary>How many bytes are stored; null: as the header says.</summary>
    public long? Size { get; private set; }

    /// <summary>How long a file with holes is.</summary>
    public long? RealSize { get; private set; }

    /// <summary>Whether the places of the content stand before it (GNU's sparse format 1.0).</summary>
    public bool HasMapInContent => _major == 1 && _minor == 0 && _map is null && !_isOfOldFormat;

    /// <summary>The pieces of a file with holes, where the header itself says them (formats 0.0 and 0.1); else null.</summary>
    /// <exception cref="FormatException">They make no sense.</exception>
    public IReadOnlyList<(long Offset, long Length)>? Pieces()
    {
        if (_map is not null)
        {
            long[] numbers = [.. _map.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(number => Number("GNU.sparse.map", number))];
            return SparseMap.Pair(numbers);
        }
        if (_offsets.Count != _lengths.Count)
            throw new FormatException("its GNU.sparse.offset and GNU.sparse.numbytes do not pair");
        if (RealSize is not null && !_isOfOldFormat && !HasMapInContent)
            throw new FormatException($"it has holes in a format {_major}.{_minor} that is not known");
        return _isOfOldFormat ? [.. _offsets.Zip(_lengths)] : null;
    }

    /// <summary>Takes the records of a header's content: <c>LENGTH KEYWORD=VALUE\n</c>.</summary>
    /// <exception cref="FormatException">It holds something else.</exception>
    public void Read(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty && content[0] != 0)
        {
            if (!Utf8Parser.TryParse(content, out int length, out int digits) || length <= digits + 1 || length > content.Length
                || content[digits] != ' ' || content[length - 1] != '\n')
                throw new FormatException("an attribute does not say how long it is");
            ReadOnlySpan<byte> record = content[(digits + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals < 0)
                throw new FormatException("an attribute has no value");
            Take(TarText.UpToNul(record[..equals]), TarText.UpToNul(record[(equals + 1)..]));
            content = content[length..];
        }
    }

    private void Take(string keyword, string value)
    {
        switch (keyword)
        {
            case "path":
                Path = value.TrimEnd('/') is { Length: > 0 } path ? path : null;
                break;
            case "size":
                Size = value.Length == 0 ? null : Number(keyword, value);
                break;
            case "GNU.sparse.name":
                SparseName = value.TrimEnd('/') is { Length: > 0 } name ? name : null;
                break;
            case "GNU.sparse.size":
                (RealSize, _isOfOldFormat) = (Number(keyword, value), true);
                break;
            case "GNU.sparse.realsize":
                RealSize = Number(keyword, value);
                break;
            case "GNU.sparse.map":
                _map = value;
                break;
            case "GNU.sparse.offset":
                _offsets.Add(Number(keyword, value));
                break;
            case "GNU.sparse.numbytes":
                _lengths.Add(Number(keyword, value));
                break;
            case "GNU.sparse.major":
                _major = (int)Math.Min(Number(keyword, value), int.MaxValue);
                break;
            case "GNU.sparse.minor":
                _minor = (int)Math.Min(Number(keyword, value), int.MaxValue);
                break;
        }
    }

    private static long Number(string keyword, string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new FormatException($"its attribute {keyword} is no number");
}
