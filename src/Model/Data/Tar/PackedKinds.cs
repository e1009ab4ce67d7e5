namespace HrNetBatch.Model.Data.Tar;

/// <summary>What a file that should be a tar is instead, told by its first bytes or by its name.</summary>
internal static class PackedKinds
{
    private const string Repack = "unpack it, or compress it with gzip instead";

    /// <summary>Whether it is compressed with gzip.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> start) => start.StartsWith<byte>([0x1F, 0x8B, 8]);

    /// <summary>What it is and what to do; null where nobody knows.</summary>
    public static string? Of(ReadOnlySpan<byte> start) => start switch
    {
        [0x28, 0xB5, 0x2F, 0xFD, ..] => $"compressed with zstd: {Repack}.",
        [(byte)'B', (byte)'Z', (byte)'h', ..] => $"compressed with bzip2: {Repack}.",
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => $"compressed with xz: {Repack}.",
        [0x04, 0x22, 0x4D, 0x18, ..] => $"compressed with lz4: {Repack}.",
        [(byte)'P', (byte)'K', 3, 4, ..] => "a zip: unpack it, and name the folder.",
        [(byte)'7', (byte)'z', 0xBC, 0xAF, ..] => "a 7z archive: unpack it, and name the folder.",
        [(byte)'R', (byte)'a', (byte)'r', (byte)'!', ..] => "a RAR archive: unpack it, and name the folder.",
        [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] => "a Parquet file, which is not read. Write its images as files or as a WebDataset.",
        [0xFF, 0xD8, 0xFF, ..] or [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => "an image. Correct its name.",
        _ when StartsAsHtml(start) => "a page of HTML: a download that failed, or that wanted a sign-in. Download it again.",
        _ => null,
    };

    /// <summary>How a tar is compressed whose name ends so; null where it is read, or is none.</summary>
    public static string? OfName(string name) => name.ToLowerInvariant() switch
    {
        [.., '.', 't', 'a', 'r', '.', 'z', 's', 't'] or [.., '.', 't', 'z', 's', 't'] => "zstd",
        [.., '.', 't', 'a', 'r', '.', 'b', 'z', '2'] or [.., '.', 't', 'b', 'z', '2'] => "bzip2",
        [.., '.', 't', 'a', 'r', '.', 'x', 'z'] or [.., '.', 't', 'x', 'z'] => "xz",
        [.., '.', 't', 'a', 'r', '.', 'l', 'z', '4'] => "lz4",
        _ => null,
    };

    private static bool StartsAsHtml(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.TrimStart(" \t\r\n"u8);
        return text.StartsWith("<!doctype html"u8) || text.StartsWith("<!DOCTYPE html"u8) || text.StartsWith("<html"u8) || text.StartsWith("<HTML"u8);
    }
}
