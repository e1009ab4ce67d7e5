namespace HrNetBatch.Model.Data.Tar;

/// <summary>Where the content of a file with holes lies in it, as GNU's formats write it.</summary>
internal static class SparseMap
{
    /// <summary>Pieces of a file that anybody would want to read; a wrong number must not ask for all memory.</summary>
    public const int MostPieces = 1 << 16;

    /// <summary>The pieces of which a header block of the old format tells: up to four, or 21 in a block that follows.</summary>
    public static IEnumerable<(long Offset, long Length)> Of(ReadOnlySpan<byte> block, int start, int count)
    {
        var pieces = new List<(long, long)>();
        for (int at = start; at < start + 24 * count; at += 24)
        {
            // As in tarfile: what is no number ends the list.
            if (!TarHeader.TryNumber(block[at..(at + 12)], out long offset) || !TarHeader.TryNumber(block[(at + 12)..(at + 24)], out long length))
                break;
            if (length != 0)
                pieces.Add((offset, length));
        }
        return pieces;
    }

    /// <summary>Offsets and lengths in turn.</summary>
    /// <exception cref="FormatException">There is an offset without a length.</exception>
    public static (long Offset, long Length)[] Pair(IReadOnlyList<long> numbers) => numbers.Count % 2 == 0
        ? [.. Enumerable.Range(0, numbers.Count / 2).Select(at => (numbers[2 * at], numbers[2 * at + 1]))]
        : throw new FormatException("it tells where a piece of the file begins and not how long it is");

    /// <summary>Refuses pieces that overlap, lie outside the file or are more than is stored.</summary>
    /// <exception cref="FormatException">They do.</exception>
    public static void Check(IReadOnlyList<(long Offset, long Length)> pieces, long fileBytes, long storedBytes)
    {
        long end = 0, left = storedBytes;
        foreach ((long offset, long length) in pieces)
        {
            if (offset < end || length < 0 || offset > fileBytes || length > fileBytes - offset || length > left)
                throw new FormatException($"its piece of {length} bytes at byte {offset} of the file cannot be");
            end = offset + length;
            left -= length;
        }
    }
}
