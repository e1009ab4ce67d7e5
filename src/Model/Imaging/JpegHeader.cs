using System.Buffers.Binary;

namespace HrNetBatch.Model.Imaging;

/// <summary>What the markers of a JPEG say; found by walking them to the end, without decoding.</summary>
/// <param name="Width">Columns of the frame.</param>
/// <param name="Height">Rows of the frame.</param>
/// <param name="ComponentCount">1 grey, 3 colour, 4 CMYK or YCCK.</param>
/// <param name="BitsPerSample">8, or 12 for files that nobody here reads.</param>
/// <param name="IsComplete">Whether an end-of-image marker was found.</param>
internal readonly record struct JpegHeader(int Width, int Height, int ComponentCount, int BitsPerSample, bool IsComplete)
{
    private const byte EndOfImage = 0xD9;
    private const byte StartOfScan = 0xDA;

    /// <summary>How often the decoder goes over the picture: once for baseline files, about ten times for progressive ones.</summary>
    public int ScanCount { get; private init; }

    /// <summary>Reads the markers.</summary>
    /// <exception cref="ImageException">No frame before the end of the data.</exception>
    public static JpegHeader Read(ReadOnlySpan<byte> jpeg)
    {
        var header = default(JpegHeader);
        int at = 2;
        while (!header.IsComplete)
        {
            // Entropy-coded data is skipped here as well: in it, 0xFF is followed by 0 or a restart marker.
            int offset = jpeg[at..].IndexOf((byte)0xFF);
            if (offset < 0 || at + offset + 1 >= jpeg.Length)
                break;
            at += offset + 1;
            byte marker = jpeg[at];
            if (marker == 0xFF)
                continue;
            at++;
            if (marker == EndOfImage)
                header = header with { IsComplete = true };
            if (marker == StartOfScan)
                header = header with { ScanCount = header.ScanCount + 1 };
            if (HasNoSegment(marker))
                continue;
            if (at + 2 > jpeg.Length)
                break;
            int length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[at..]);
            if (length < 2 || at + length > jpeg.Length)
                break;
            header = header.With(marker, jpeg.Slice(at + 2, length - 2));
            at += length;
        }
        if (header.ComponentCount == 0)
            throw new ImageException("the JPEG has no frame header");
        return header;
    }

    private static bool HasNoSegment(byte marker) => marker is 0x00 or 0x01 or (>= 0xD0 and <= 0xD9);

    private JpegHeader With(byte marker, ReadOnlySpan<byte> segment) => marker switch
    {
        // Start of frame of any coding process; C4, C8 and CC in its range are tables and reserved.
        >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC) when segment.Length >= 6 => this with
        {
            BitsPerSample = segment[0],
            Height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]),
            Width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]),
            ComponentCount = segment[5],
        },
        _ => this,
    };
}
