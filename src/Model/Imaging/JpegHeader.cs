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

    /// <summary>Samples of all components for each pixel: 3 of 4:4:4, 1.5 of 4:2:0.</summary>
    private double SamplesOfPixel { get; init; }

    /// <summary>What a decoder keeps while it goes over the picture again and again: two bytes for each sample; nothing where it goes over it once.</summary>
    public long CoefficientBytes => ScanCount > 1 ? (long)(2 * SamplesOfPixel * RoundedUp(Width) * RoundedUp(Height)) : 0;

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

    // A component's line has its number, how often it is sampled across and down (four bits each), and its table.
    private static double Samples(ReadOnlySpan<byte> components, int count)
    {
        int most = 1, sum = 0;
        for (int at = 1; at < Math.Min(components.Length, 3 * count); at += 3)
        {
            int samples = (components[at] >> 4) * (components[at] & 15);
            (most, sum) = (Math.Max(most, samples), sum + samples);
        }
        return Math.Clamp((double)sum / most, 1, Math.Max(1, count));
    }

    // Whole units of the coarsest sampling that real files have: two blocks of eight.
    private static long RoundedUp(int side) => (side + 15L) / 16 * 16;

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
            SamplesOfPixel = Samples(segment[6..], segment[5]),
        },
        _ => this,
    };
}
