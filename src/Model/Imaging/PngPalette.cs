using System.Buffers.Binary;
using System.IO.Hashing;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Indices beyond a PNG's palette: libpng makes them black, Pillow greys of their number. A palette that is too short gets those greys
/// before the file is decoded.
/// </summary>
internal static class PngPalette
{
    private const int HeaderEnd = 33;
    private const int ChunkBytes = 12;

    /// <summary>The file with a palette of as many colours as its indices can name; the file itself where it has them, or none.</summary>
    public static byte[] Completed(byte[] png)
    {
        if (png.Length < HeaderEnd + ChunkBytes || png[25] != 3 || png[24] is not (1 or 2 or 4 or 8))
            return png;
        int colorCount = 1 << png[24];
        for (int at = HeaderEnd; at <= png.Length - ChunkBytes;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at));
            ReadOnlySpan<byte> kind = png.AsSpan(at + 4, 4);
            if (length > png.Length - at - ChunkBytes || kind.SequenceEqual("IDAT"u8))
                return png;
            if (kind.SequenceEqual("PLTE"u8))
                return length % 3 == 0 && length / 3 < colorCount && IsWhole(png.AsSpan(at + 4, (int)length + 8)) ? WithGreys(png, at, (int)length, colorCount) : png;
            at += (int)length + ChunkBytes;
        }
        return png;
    }

    // A damaged palette stays one, for libpng to refuse.
    private static bool IsWhole(ReadOnlySpan<byte> kindDataAndCrc) =>
        Crc32.HashToUInt32(kindDataAndCrc[..^4]) == BinaryPrimitives.ReadUInt32BigEndian(kindDataAndCrc[^4..]);

    private static byte[] WithGreys(byte[] png, int at, int length, int colorCount)
    {
        byte[] chunk = new byte[(colorCount * 3) + ChunkBytes];
        BinaryPrimitives.WriteInt32BigEndian(chunk, colorCount * 3);
        PixelLayouts.GreyPalette().AsSpan(0, colorCount * 3).CopyTo(chunk.AsSpan(8));
        png.AsSpan(at + 4, length + 4).CopyTo(chunk.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc32.HashToUInt32(chunk.AsSpan(4, chunk.Length - 8)));
        return [.. png.AsSpan(0, at), .. chunk, .. png.AsSpan(at + length + ChunkBytes)];
    }
}
