using System.Buffers.Binary;

namespace HrNetBatch.Model.Imaging;

/// <summary>What stands before a bitmap's pixels.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
/// <param name="IsTopDown">Whether the first row is the top one.</param>
/// <param name="BitsPerPixel">1, 4, 8 (indices), 16, 24 or 32.</param>
/// <param name="Compression">0 none, 1 and 2 run lengths, 3 channels by masks.</param>
/// <param name="DataOffset">Where the pixels begin.</param>
internal sealed record BmpHeader(int Width, int Height, bool IsTopDown, int BitsPerPixel, uint Compression, long DataOffset)
{
    private const int FileHeaderBytes = 14;
    private const int LargestPalette = 65536;

    // Bits, and the masks of red, green, blue and alpha: those that Pillow knows.
    private static readonly (int Bits, uint Red, uint Green, uint Blue, uint? Alpha)[] KnownMasks =
    [
        (32, 0xFF0000, 0xFF00, 0xFF, 0), (32, 0xFF000000, 0xFF0000, 0xFF00, 0), (32, 0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        (32, 0xFF, 0xFF00, 0xFF0000, 0xFF000000), (32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000), (32, 0, 0, 0, 0),
        (24, 0xFF0000, 0xFF00, 0xFF, null), (16, 0xF800, 0x7E0, 0x1F, null), (16, 0x7C00, 0x3E0, 0x1F, null),
    ];

    /// <summary>256 colours of three bytes; an index that the palette lacks is a grey, as in Pillow.</summary>
    public byte[] Colors { get; private init; } = [];

    /// <summary>Which bits of a pixel are red, green and blue, where the file says so.</summary>
    public (uint Red, uint Green, uint Blue) Masks { get; private init; }

    /// <summary>Reads file header, bitmap header, masks and palette.</summary>
    /// <exception cref="ImageException">It ends too early, is too large, or describes what Pillow does not read either.</exception>
    public static BmpHeader Read(ReadOnlySpan<byte> bmp, DecodingLimits limits)
    {
        int headerBytes = (int)Word(bmp, FileHeaderBytes);
        int at = FileHeaderBytes + headerBytes;
        if (bmp.Length < at)
            throw new ImageException("the BMP is truncated");
        ReadOnlySpan<byte> header = bmp[FileHeaderBytes..at];
        bool isOs2 = headerBytes == 12;
        int bits = Half(header, isOs2 ? 10 : 14);
        uint compression = isOs2 ? 0 : Word(header, 16), colorCount = isOs2 ? 0 : Word(header, 32);
        bool isTopDown = !isOs2 && header[11] == 0xFF;
        long width = isOs2 ? Half(header, 4) : Word(header, 4);
        long height = isOs2 ? Half(header, 6) : isTopDown ? (1L << 32) - Word(header, 8) : Word(header, 8);
        if (bits is not (1 or 4 or 8 or 16 or 24 or 32))
            throw new ImageException($"BMP of {bits} bits a pixel is not supported");
        if (compression > 3 || (compression == 1 && bits != 8) || (compression == 2 && bits != 4) || (compression == 3 && bits < 16))
            throw new ImageException($"BMP of compression {compression} with {bits} bits a pixel is not supported");
        (uint, uint, uint) masks = compression == 3 ? ReadMasks(bmp, header, ref at, bits) : default;

        long colors = colorCount == 0 ? 1L << bits : colorCount;
        long offset = Word(bmp, 10);
        // As Pillow: writers that forgot the palette in the offset.
        if (offset == FileHeaderBytes + headerBytes && bits <= 8)
            offset += 4 * colors;
        limits.CheckSize(width, height);   // as it stands there, before it becomes a number that may be smaller
        var result = new BmpHeader((int)width, (int)height, isTopDown, bits, compression, offset == 0 ? at : offset) { Masks = masks };
        return bits > 8 ? result : result with { Colors = ReadPalette(bmp, ref at, colors, isOs2 ? 3 : 4), DataOffset = offset == 0 ? at : offset };
    }

    private static (uint, uint, uint) ReadMasks(ReadOnlySpan<byte> bmp, ReadOnlySpan<byte> header, ref int at, int bits)
    {
        bool isInside = header.Length >= 52;
        if (!isInside && bmp.Length < at + 12)
            throw new ImageException("the BMP is truncated");
        ReadOnlySpan<byte> masks = isInside ? header[40..] : bmp.Slice(at, 12);
        at += isInside ? 0 : 12;
        (uint red, uint green, uint blue, uint alpha) = (Word(masks, 0), Word(masks, 4), Word(masks, 8), header.Length >= 56 ? Word(masks, 12) : 0);
        if (!KnownMasks.Any(known => known.Bits == bits && (known.Red, known.Green, known.Blue) == (red, green, blue) && (known.Alpha ?? alpha) == alpha))
            throw new ImageException("BMP with such bit masks is not supported");
        return (red | green | blue) == 0 ? (0xFF0000, 0xFF00, 0xFF) : (red, green, blue);
    }

    private static byte[] ReadPalette(ReadOnlySpan<byte> bmp, ref int at, long count, int entryBytes)
    {
        if (count is < 1 or > LargestPalette)
            throw new ImageException($"BMP with a palette of {count} colours is not supported");
        byte[] colors = PixelLayouts.GreyPalette();
        for (int index = 0; index < Math.Min(count, 256) && bmp.Length >= at + (index * entryBytes) + 3; index++)
        {
            ReadOnlySpan<byte> entry = bmp[(at + (index * entryBytes))..];
            (colors[index * 3], colors[(index * 3) + 1], colors[(index * 3) + 2]) = (entry[2], entry[1], entry[0]);
        }
        at = (int)Math.Min(at + (count * entryBytes), bmp.Length);
        return colors;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static int Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
