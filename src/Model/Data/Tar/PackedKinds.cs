using HrNetBatch.Model.Files;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Data.Tar;

/// <summary>What a file that should be a tar is instead, told by its first bytes or by its name.</summary>
internal static class PackedKinds
{
    private const string Repack = "unpack it, or compress it with gzip instead";

    /// <summary>Whether it is compressed with gzip.</summary>
    public static bool IsGzip(ReadOnlySpan<byte> start) => start.StartsWith<byte>([0x1F, 0x8B, 8]);

    /// <summary>What it is and what to do, without a full stop; null where nobody knows.</summary>
    public static string? Of(ReadOnlySpan<byte> start) =>
        StrayFile.CompressionOf(start) is { } compression ? $"compressed with {compression}: {Repack}"
        : StrayFile.ArchiveOf(start) is { } archive ? $"{archive}: unpack it, and name the folder"
        : start.StartsWith("PAR1"u8) ? "a Parquet file, which is not read. Write its images as files or as a WebDataset"
        : ImageDecoder.ExtensionOf(start) is not null ? "an image. Correct its name"
        : StrayFile.InsteadOf(start);

    /// <summary>How a tar is compressed whose name ends so; null where it is read, or is none.</summary>
    public static string? OfName(string name) => name.ToLowerInvariant() switch
    {
        [.., '.', 't', 'a', 'r', '.', 'z', 's', 't'] or [.., '.', 't', 'z', 's', 't'] => "zstd",
        [.., '.', 't', 'a', 'r', '.', 'b', 'z', '2'] or [.., '.', 't', 'b', 'z', '2'] => "bzip2",
        [.., '.', 't', 'a', 'r', '.', 'x', 'z'] or [.., '.', 't', 'x', 'z'] => "xz",
        [.., '.', 't', 'a', 'r', '.', 'l', 'z', '4'] => "lz4",
        _ => null,
    };
}
