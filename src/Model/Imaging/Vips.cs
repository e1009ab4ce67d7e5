using System.Runtime.InteropServices;
using NetVips;

namespace HrNetBatch.Model.Imaging;

/// <summary>libvips as a decoder: one thread an image (images are what runs in parallel), no cache, none of the loaders that it calls untrusted.</summary>
internal static class Vips
{
    // Images go over in strips of about so much, so that a large one never lies in memory twice. Beyond 85,000 bytes .NET would collect
    // the strips late.
    private const int StripBytes = 64 * 1024;

    // Kept for as long as libvips may call it.
    private static readonly Log.LogDelegate Silent = (_, _, _) => { };

    static Vips()
    {
        NetVips.NetVips.Concurrency = 1;
        NetVips.NetVips.BlockUntrusted = true;
        Cache.Max = 0;
        // Its warnings (an odd tag, bytes after the end) would stand between our lines on standard error, and name no file.
        Log.SetLogHandler("VIPS", Enums.LogLevelFlags.Warning | Enums.LogLevelFlags.Message | Enums.LogLevelFlags.Info | Enums.LogLevelFlags.Debug, Silent);
    }

    // Rows that libvips keeps of what it reads from top to bottom, at most, and twice while it hands them on (measured).
    private const int KeptRows = 1024;

    /// <summary>Decodes a JPEG whose size the caller has checked, and whose memory it has taken.</summary>
    public static RgbImage DecodeJpeg(byte[] jpeg, JpegHeader header)
        => Decode(
            "JPEG", () => Image.JpegloadBuffer(jpeg, access: Enums.Access.Sequential, failOn: Enums.FailOn.None),
            source => Expect(source, "JPEG", header.Width, header.Height), Unpack);

    public static RgbImage DecodePng(byte[] png, DecodingLimits limits)
    {
        // Bytes 25 and 28 are IHDR's colour type, where 0 is grey without an alpha channel (libvips makes one out of a transparent grey),
        // and its order of rows: one in passes is decoded whole before there is a row.
        bool isPlainGrey = png.Length > 25 && png[25] == 0, isInPasses = png.Length > 28 && png[28] != 0;
        byte[] whole = PngPalette.Completed(png);
        return Decode(
            "PNG", () => Image.PngloadBuffer(whole, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
            source => limits.Admit(source.Width, source.Height, whole.Length + (2 * RowBytes(source) * (isInPasses ? source.Height : Math.Min(source.Height, KeptRows)))),
            (source, samples, rgbx) => Unpack(source, samples, rgbx, clips16BitGrey: isPlainGrey));
    }

    // A WebP is decoded whole, with some rows besides.
    public static RgbImage DecodeWebp(byte[] webp, DecodingLimits limits)
        => Decode(
            "WebP", () => Image.WebploadBuffer(webp, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
            source => limits.Admit(source.Width, source.Height, webp.Length + (RgbImage.BytesOf(source.Width, source.Height) * 3 / 2)), Unpack);

    /// <summary>Decodes a TIFF whose size the caller has checked, and whose memory it has taken.</summary>
    public static RgbImage DecodeTiff(byte[] tiff, TiffHeader header, StripUnpacker unpack)
        => Decode(
            "TIFF", () => Image.TiffloadBuffer(tiff, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error),
            source => Expect(source, "TIFF", header.Width, header.Height), unpack);

    /// <summary>Turns a strip of libvips' samples into pixels.</summary>
    internal delegate void StripUnpacker(Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx);

    // Nothing but the header is read when it is opened, of which NetVips makes a copy; memory is taken before the first row.
    private static RgbImage Decode(string format, Func<Image> open, Func<Image, Admission?> admit, StripUnpacker unpack)
    {
        RgbImage? image = null;
        try
        {
            using Image source = open();
            using Admission? admission = admit(source);
            using Region region = Region.New(source);
            image = new RgbImage(source.Width, source.Height);
            int stripRows = (int)Math.Clamp(StripBytes / RowBytes(source), 1, source.Height);
            for (int row = 0; row < source.Height; row += stripRows)
            {
                int count = Math.Min(stripRows, source.Height - row);
                unpack(source, region.Fetch(0, row, source.Width, count), image.Rows(row, count));
            }
            return admission?.HandOver(image) ?? image;
        }
        catch (VipsException cause)
        {
            image?.Dispose();
            throw new ImageException($"the {format} is damaged or truncated: {LastLine(cause.Message)}", cause);
        }
        catch (ImageException)
        {
            image?.Dispose();
            throw;
        }
    }

    private static void Unpack(Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx) => Unpack(source, samples, rgbx, clips16BitGrey: false);

    private static void Unpack(Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx, bool clips16BitGrey)
    {
        if (source.Format == Enums.BandFormat.Ushort)
            PixelLayouts.Unpack(MemoryMarshal.Cast<byte, ushort>(samples), source.Bands, clips16BitGrey, rgbx);
        else if (source.Interpretation == Enums.Interpretation.Cmyk)
            Cmyk(samples, rgbx);
        else
            PixelLayouts.Unpack(samples, source.Bands, rgbx);
    }

    // libvips has already inverted them, as PIL does: with or without an Adobe marker.
    private static void Cmyk(ReadOnlySpan<byte> samples, Span<byte> rgbx)
    {
        samples.CopyTo(rgbx);
        PixelLayouts.CmykToRgb(rgbx, inverted: false);
    }

    private static Admission? Expect(Image source, string format, int width, int height) => (source.Width, source.Height) == (width, height)
        ? null
        : throw new ImageException($"the {format} is damaged: it has two sizes, {width}×{height} and {source.Width}×{source.Height}");

    private static long RowBytes(Image source) => (long)source.Width * source.Bands * SampleBytes(source.Format);

    private static int SampleBytes(Enums.BandFormat format) => format switch
    {
        Enums.BandFormat.Uchar or Enums.BandFormat.Char => 1,
        Enums.BandFormat.Ushort or Enums.BandFormat.Short => 2,
        Enums.BandFormat.Uint or Enums.BandFormat.Int or Enums.BandFormat.Float => 4,
        _ => throw new ImageException($"samples of type {format} are not supported"),
    };

    // libvips puts its own story first ("unable to call pngload_buffer") and the cause last.
    private static string LastLine(string message)
        => message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "no reason given";
}
