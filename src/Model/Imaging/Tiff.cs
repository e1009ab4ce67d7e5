using System.Runtime.InteropServices;
using NetVips;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// TIFF through libvips' loader of libtiff (which it trusts, and which OSS-Fuzz fuzzes), with Pillow's pixels: of 16-bit grey the low
/// byte, saturated; colours that alpha was multiplied into divided by it; the picture turned by its orientation.
/// </summary>
internal static class Tiff
{
    private const int LargestSampleCount = 6; // Pillow's
    private const long SmallTilePixels = 4096 * 4096;
    private const byte PremultipliedAlpha = 1, Alpha = 2;

    /// <summary>Decodes the first page.</summary>
    /// <exception cref="ImageException">Damaged, too large, or of a layout that Pillow does not read either.</exception>
    public static RgbImage Decode(byte[] tiff, DecodingLimits limits)
    {
        TiffHeader header = Look(tiff, limits);
        VipsSource source = Source(tiff, header);
        using Admission admission = limits.Admit(header.Width, header.Height, DecoderBytes(header, tiff.Length));
        return admission.HandOver(Orientations.Turn(Vips.Decode(source, limits: null), header.Orientation));
    }

    /// <summary>The first page where it is as large as this at least and stands right, to be read row by row; else null.</summary>
    /// <exception cref="ImageException">Damaged, too large, or of a layout that Pillow does not read either.</exception>
    public static VipsSource? RowsOf(byte[] tiff, DecodingLimits limits, long leastPixelBytes)
    {
        TiffHeader header = Look(tiff, limits);
        return RgbImage.BytesOf(header.Width, header.Height) >= leastPixelBytes && header.Orientation is not (>= 2 and <= 8) ? Source(tiff, header) : null;
    }

    private static VipsSource Source(byte[] tiff, TiffHeader header) => Vips.OfTiff(
        IsPremultiplied(header) ? WithPlainAlpha(tiff, header.ExtraSampleAt) : tiff, header, DecoderBytes(header, tiff.Length),
        (source, samples, rgbx) => Unpack(header, source, samples, rgbx));

    private static TiffHeader Look(byte[] tiff, DecodingLimits limits)
    {
        TiffHeader header = TiffHeader.Read(tiff);
        if (header.IsCameraRaw)
            throw new ImageException(ImageFormats.NotRead("a camera's raw file (DNG, NEF, CR2, ARW)"));
        limits.CheckSize(header.Width, header.Height);
        // A tile is decoded whole, however little of it is picture.
        if (header.TilePixels > Math.Max(SmallTilePixels, 4L * header.Width * header.Height))
            throw new ImageException($"the TIFF's tiles of {header.TilePixels} pixels are larger than its picture");
        if (Unsupported(header) is { } layout)
            throw new ImageException($"TIFF of {layout} is not supported: convert it to PNG");
        return header;
    }

    // A strip or a row of tiles may be all of the picture, one that is turned is there twice, and libvips has a copy of the file.
    private static long DecoderBytes(TiffHeader header, int fileBytes)
    {
        long pixels = (long)header.Width * header.Height, part = Math.Max(pixels, header.TilePixels);
        return (part * header.SampleCount * Math.Max(8, header.BitsPerSample) / 8) + (header.Orientation is >= 2 and <= 8 ? pixels * RgbImage.BytesPerPixel : 0)
            + (IsPremultiplied(header) ? 2L * fileBytes : fileBytes);
    }

    private static bool IsPremultiplied(TiffHeader header) => header is { Photometric: 2, SampleCount: > 3, ExtraSample: PremultipliedAlpha };

    // libvips would divide by it in floating point, and round otherwise than Pillow.
    private static byte[] WithPlainAlpha(byte[] tiff, int extraSampleAt)
    {
        byte[] changed = [.. tiff];
        changed[extraSampleAt] = Alpha;
        return changed;
    }

    private static string? Unsupported(TiffHeader header)
    {
        if (header.SampleCount > LargestSampleCount)
            return $"{header.SampleCount} samples a pixel";
        return (header.Photometric, header.BitsPerSample, header.SampleFormat) switch
        {
            (0 or 1, 1 or 2 or 4 or 8 or 16, 1) or (0 or 1, 16 or 32, 2) or (1, 32, 1) or (0 or 1, 32, 3) => null,
            (2 or 5, 8 or 16, 1) or (3, 1 or 2 or 4 or 8, 1) => null,
            (6, 8, 1) => header.Compression is 6 or 7 ? null : "YCbCr colours that are not JPEG",
            (8, _, _) => "CIELAB colours",
            (0 or 1 or 2 or 3 or 5 or 6, _, _) => $"{header.BitsPerSample}-bit samples (format {header.SampleFormat}, colours {header.Photometric})",
            _ => $"colours {header.Photometric}",
        };
    }

    private static void Unpack(TiffHeader header, Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx)
    {
        int bands = source.Bands;
        switch (source.Format)
        {
            case Enums.BandFormat.Uchar when source.Interpretation == Enums.Interpretation.Cmyk:
                Cmyk(samples, bands, rgbx);
                break;
            case Enums.BandFormat.Uchar:
                PixelLayouts.Unpack(samples, bands, rgbx);
                if (IsPremultiplied(header) && bands >= 4)
                    PixelLayouts.DivideByAlpha(samples, bands, rgbx);
                break;
            case Enums.BandFormat.Ushort when header.Photometric is 0 or 1 && bands == 1:
                // libvips has turned white-is-zero around, which Pillow does not do to 16 bits.
                Saturate<ushort>(samples, rgbx, value => header.Photometric == 0 ? ushort.MaxValue - value : value);
                break;
            case Enums.BandFormat.Ushort:
                HighBytes(header, source, samples, rgbx);
                break;
            case Enums.BandFormat.Short when bands == 1:
                Saturate<short>(samples, rgbx, value => value);
                break;
            case Enums.BandFormat.Uint when bands == 1:
                // Pillow keeps these 32 bits as a number with a sign.
                Saturate<uint>(samples, rgbx, value => (int)value);
                break;
            case Enums.BandFormat.Int when bands == 1:
                Saturate<int>(samples, rgbx, value => value);
                break;
            case Enums.BandFormat.Float when bands == 1:
                Saturate<float>(samples, rgbx, value => value);
                break;
            default:
                throw new ImageException($"TIFF of {bands} samples of type {source.Format} is not supported: convert it to PNG");
        }
    }

    private static void Cmyk(ReadOnlySpan<byte> samples, int bands, Span<byte> rgbx)
    {
        for (int from = 0, to = 0; to < rgbx.Length; from += bands, to += RgbImage.BytesPerPixel)
            samples.Slice(from, 4).CopyTo(rgbx[to..]);
        PixelLayouts.CmykToRgb(rgbx, inverted: false);
    }

    private static void HighBytes(TiffHeader header, Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx)
    {
        ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(samples);
        byte[] bytes = new byte[words.Length];
        for (int at = 0; at < bytes.Length; at++)
            bytes[at] = (byte)(words[at] >> 8);
        if (header.Photometric == 5)
            Cmyk(bytes, source.Bands, rgbx);
        else
            PixelLayouts.Unpack(bytes, source.Bands, rgbx);
        if (IsPremultiplied(header) && source.Bands >= 4)
            PixelLayouts.DivideByAlpha(bytes, source.Bands, rgbx);
    }

    private static void Saturate<T>(ReadOnlySpan<byte> samples, Span<byte> rgbx, Func<T, double> number) where T : struct
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(samples);
        for (int at = 0; at < values.Length; at++)
        {
            double value = number(values[at]);
            rgbx.Slice(at * RgbImage.BytesPerPixel, 3).Fill(value >= 255 ? byte.MaxValue : value > 0 ? (byte)value : byte.MinValue);
        }
    }
}
