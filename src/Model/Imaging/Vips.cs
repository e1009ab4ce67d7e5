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

    public static RgbImage DecodeJpeg(byte[] jpeg, long pixelLimit)
        => Decode("JPEG", pixelLimit, () => Image.JpegloadBuffer(jpeg, access: Enums.Access.Sequential, failOn: Enums.FailOn.None), Unpack);

    public static RgbImage DecodePng(byte[] png, long pixelLimit)
    {
        // Byte 25 is IHDR's colour type: 0 is grey without an alpha channel (libvips makes one out of a transparent grey).
        bool isPlainGrey = png.Length > 25 && png[25] == 0;
        byte[] whole = PngPalette.Completed(png);
        return Decode("PNG", pixelLimit, () => Image.PngloadBuffer(whole, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
            (source, samples, rgbx) => Unpack(source, samples, rgbx, clips16BitGrey: isPlainGrey));
    }

    public static RgbImage DecodeWebp(byte[] webp, long pixelLimit)
        => Decode("WebP", pixelLimit, () => Image.WebploadBuffer(webp, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated), Unpack);

    public static RgbImage DecodeTiff(byte[] tiff, long pixelLimit, StripUnpacker unpack)
        => Decode("TIFF", pixelLimit, () => Image.TiffloadBuffer(tiff, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error), unpack);

    /// <summary>Turns a strip of libvips' samples into pixels.</summary>
    internal delegate void StripUnpacker(Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx);

    private static RgbImage Decode(string format, long pixelLimit, Func<Image> open, StripUnpacker unpack)
    {
        RgbImage? image = null;
        try
        {
            using Image source = open();
            ImageDecoder.CheckSize(source.Width, source.Height, pixelLimit);
            using Region region = Region.New(source);
            image = new RgbImage(source.Width, source.Height);
            int rowBytes = source.Width * source.Bands * SampleBytes(source.Format);
            int stripRows = Math.Clamp(StripBytes / rowBytes, 1, source.Height);
            for (int row = 0; row < source.Height; row += stripRows)
            {
                int count = Math.Min(stripRows, source.Height - row);
                unpack(source, region.Fetch(0, row, source.Width, count), image.Rows(row, count));
            }
            return image;
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
