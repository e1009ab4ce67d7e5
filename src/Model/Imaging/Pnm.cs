using System.Buffers.Binary;

namespace HrNetBatch.Model.Imaging;

/// <summary>Netpbm's bitmaps, greymaps and pixmaps (P1 to P6): what Pillow's PpmImagePlugin reads, with its pixels.</summary>
internal static class Pnm
{
    private const int LongestToken = 10;

    /// <summary>Whether a file begins so: a digit and then white space or a comment.</summary>
    public static bool Claims(ReadOnlySpan<byte> start) =>
        start.Length >= 3 && start[0] == 'P' && start[1] is >= (byte)'1' and <= (byte)'6' && (IsSpace(start[2]) || start[2] == '#');

    /// <summary>Decodes an image.</summary>
    /// <exception cref="ImageException">Truncated, damaged or too large.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> file, DecodingLimits limits)
    {
        int kind = file[1] - '0', at = 2;
        bool isPlain = kind <= 3, isBitmap = kind is 1 or 4;
        int bands = kind is 3 or 6 ? 3 : 1;
        int width = Number(file, ref at), height = Number(file, ref at);
        int largest = isBitmap ? 1 : Number(file, ref at);
        if (largest is < 1 or > 65535)
            throw new ImageException($"the {Name(kind)} is damaged: its largest value is {largest}");
        limits.CheckSize(width, height);

        // Before memory is taken: a value has at least a digit, and but for bitmaps what separates it from the next.
        long valueCount = (long)width * height * bands;
        long needed = isPlain ? (isBitmap ? valueCount : (valueCount * 2) - 1) : isBitmap ? (long)((width + 7) / 8) * height : valueCount * (largest > 255 ? 2 : 1);
        if (file.Length - at < needed)
            throw new ImageException($"the {Name(kind)} is truncated");
        using Admission admission = limits.Admit(width, height, 0);
        var image = new RgbImage(width, height);
        try
        {
            if (isBitmap && isPlain)
                PlainBits(file[at..], image);
            else if (isBitmap)
                Bits(file[at..], image);
            else if (isPlain)
                PlainValues(file[at..], image, bands, largest, Name(kind));
            else if (largest == 255)
                PixelLayouts.Unpack(file[at..], bands, image.Pixels);
            else
                Values(file[at..], image, bands, largest);
            return admission.HandOver(image);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private static void Bits(ReadOnlySpan<byte> rows, RgbImage image)
    {
        int stride = (image.Width + 7) / 8;
        for (int row = 0; row < image.Height; row++)
            for (int column = 0; column < image.Width; column++)
                Grey(image, (row * image.Width) + column, (byte)((rows[(row * stride) + (column / 8)] >> (7 - (column % 8)) & 1) == 0 ? 255 : 0));
    }

    private static void PlainBits(ReadOnlySpan<byte> text, RgbImage image)
    {
        int at = 0;
        for (int pixel = 0; pixel < image.Width * image.Height; pixel++)
        {
            SkipSpaces(text, ref at);
            if (at == text.Length)
                throw new ImageException("the PBM is truncated");
            byte digit = text[at++];
            if (digit is not ((byte)'0' or (byte)'1'))
                throw new ImageException("the PBM is damaged: a pixel is neither 0 nor 1");
            Grey(image, pixel, (byte)(digit == '0' ? 255 : 0));
        }
    }

    private static void Values(ReadOnlySpan<byte> samples, RgbImage image, int bands, int largest)
    {
        int bytes = largest > 255 ? 2 : 1;
        for (int pixel = 0, at = 0; pixel < image.Width * image.Height; pixel++)
            for (int band = 0; band < bands; band++, at += bytes)
                Put(image, pixel, bands, band, Scale(bytes == 1 ? samples[at] : BinaryPrimitives.ReadUInt16BigEndian(samples[at..]), largest, bands));
    }

    private static void PlainValues(ReadOnlySpan<byte> text, RgbImage image, int bands, int largest, string name)
    {
        int at = 0;
        for (int pixel = 0; pixel < image.Width * image.Height; pixel++)
            for (int band = 0; band < bands; band++)
            {
                int value = Number(text, ref at);
                if (value > largest)
                    throw new ImageException($"the {name} is damaged: a value is larger than {largest}");
                Put(image, pixel, bands, band, Scale(value, largest, bands));
            }
    }

    // As Pillow: grey beyond eight bits becomes its mode "I" of 16 bits, whose conversion to RGB saturates. Python rounds halves to even, as .NET does.
    private static byte Scale(int value, int largest, int bands)
    {
        bool isWide = bands == 1 && largest > 255;
        return (byte)Math.Min(255, Math.Round((double)value / largest * (isWide ? 65535 : 255)));
    }

    private static void Put(RgbImage image, int pixel, int bands, int band, byte value)
    {
        if (bands == 1)
            Grey(image, pixel, value);
        else
            image.Pixels[(pixel * RgbImage.BytesPerPixel) + band] = value;
    }

    private static void Grey(RgbImage image, int pixel, byte value) => image.Pixels.Slice(pixel * RgbImage.BytesPerPixel, 3).Fill(value);

    /// <summary>The next number, and past the one white space behind it.</summary>
    private static int Number(ReadOnlySpan<byte> file, ref int at)
    {
        SkipSpaces(file, ref at);
        int start = at, value = 0;
        for (; at < file.Length && file[at] is >= (byte)'0' and <= (byte)'9' && at - start < LongestToken; at++)
            value = (int)Math.Min(((long)value * 10) + file[at] - '0', int.MaxValue);
        if (at == file.Length && at == start)
            throw new ImageException("the image is truncated");
        if (at == start || (at < file.Length && !IsSpace(file[at]) && file[at] != '#'))
            throw new ImageException("the image is damaged: a number was expected");
        if (at < file.Length && IsSpace(file[at]))
            at++;
        return value;
    }

    private static void SkipSpaces(ReadOnlySpan<byte> text, ref int at)
    {
        while (at < text.Length)
        {
            if (text[at] == '#')
            {
                int end = text[at..].IndexOfAny((byte)'\n', (byte)'\r');
                at = end < 0 ? text.Length : at + end + 1;
            }
            else if (IsSpace(text[at]))
            {
                at++;
            }
            else
            {
                return;
            }
        }
    }

    private static bool IsSpace(byte b) => b is (byte)' ' or (>= 0x09 and <= 0x0D);

    private static string Name(int kind) => kind switch { 1 or 4 => "PBM", 2 or 5 => "PGM", _ => "PPM" };
}
