using System.Buffers.Binary;
using System.Numerics;

namespace HrNetBatch.Model.Imaging;

/// <summary>Windows' and OS/2's bitmaps: what Pillow's BmpImagePlugin reads, with its pixels.</summary>
internal static class Bmp
{
    private const int FileHeaderBytes = 14;
    private const uint Rle8 = 1, Rle4 = 2, BitFields = 3;

    /// <summary>Whether a file begins as a bitmap: "BM" alone is also the beginning of a text.</summary>
    public static bool Claims(ReadOnlySpan<byte> start) =>
        start.Length >= FileHeaderBytes + 4 && start.StartsWith("BM"u8) && BinaryPrimitives.ReadUInt32LittleEndian(start[FileHeaderBytes..]) is 12 or 40 or 52 or 56 or 64 or 108 or 124;

    /// <summary>Decodes a bitmap.</summary>
    /// <exception cref="ImageException">Truncated, too large, or of a layout that Pillow does not read either.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> bmp, DecodingLimits limits)
    {
        BmpHeader header = BmpHeader.Read(bmp, limits);
        if (header.Compression is Rle8 or Rle4)
        {
            using Admission withIndices = limits.Admit(header.Width, header.Height, (long)header.Width * header.Height);
            byte[] indices = new byte[header.Width * header.Height];
            BmpRle.Decode(bmp, header, indices, isRle4: header.Compression == Rle4);
            return withIndices.HandOver(Paint(header, indices, bitsPerPixel: 8, stride: header.Width));
        }
        int rowBytes = (int)((((long)header.Width * header.BitsPerPixel) + 7) / 8);
        int stride = (rowBytes + 3) & ~3;
        ReadOnlySpan<byte> rows = header.DataOffset <= bmp.Length ? bmp[(int)header.DataOffset..] : default;
        if (rows.Length < ((long)stride * (header.Height - 1)) + rowBytes)
            throw new ImageException("the BMP is truncated");
        using Admission admission = limits.Admit(header.Width, header.Height, 0);
        return admission.HandOver(header.BitsPerPixel <= 8 ? Paint(header, rows, header.BitsPerPixel, stride) : Unpack(header, rows, stride));
    }

    private static RgbImage Paint(BmpHeader header, ReadOnlySpan<byte> rows, int bitsPerPixel, int stride)
    {
        var image = new RgbImage(header.Width, header.Height);
        for (int row = 0; row < header.Height; row++)
            PixelLayouts.UnpackIndices(rows[(row * stride)..], bitsPerPixel, header.Colors, Row(image, header, row));
        return image;
    }

    private static RgbImage Unpack(BmpHeader header, ReadOnlySpan<byte> rows, int stride)
    {
        (uint red, uint green, uint blue) = header.Compression == BitFields ? header.Masks
            : header.BitsPerPixel == 16 ? (0x7C00u, 0x3E0u, 0x1Fu) : (0xFF0000u, 0xFF00u, 0xFFu);
        int bytes = header.BitsPerPixel / 8;
        var image = new RgbImage(header.Width, header.Height);
        for (int row = 0; row < header.Height; row++)
        {
            Span<byte> target = Row(image, header, row);
            ReadOnlySpan<byte> source = rows[(row * stride)..];
            for (int column = 0; column < header.Width; column++)
            {
                ReadOnlySpan<byte> pixel = source.Slice(column * bytes, bytes);
                uint value = pixel[0] | ((uint)pixel[1] << 8) | (bytes > 2 ? (uint)pixel[2] << 16 : 0) | (bytes > 3 ? (uint)pixel[3] << 24 : 0);
                Span<byte> colors = target.Slice(column * RgbImage.BytesPerPixel, RgbImage.BytesPerPixel);
                (colors[0], colors[1], colors[2]) = (Channel(value, red), Channel(value, green), Channel(value, blue));
            }
        }
        return image;
    }

    // As Pillow: of five or six bits, times 255, divided and cut off.
    private static byte Channel(uint value, uint mask)
    {
        uint largest = mask >> BitOperations.TrailingZeroCount(mask);
        return (byte)(((value & mask) >> BitOperations.TrailingZeroCount(mask)) * 255 / largest);
    }

    private static Span<byte> Row(RgbImage image, BmpHeader header, int row) =>
        image.Pixels.Slice((header.IsTopDown ? row : header.Height - 1 - row) * image.Stride, image.Stride);
}
