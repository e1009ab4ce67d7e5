using NetVips;

namespace HrNetBatch.Model.Imaging;

/// <summary>libvips as a decoder: one thread an image (images are what runs in parallel), no cache.</summary>
internal static class Vips
{
    static Vips()
    {
        NetVips.NetVips.Concurrency = 1;
        Cache.Max = 0;
    }

    public static RgbImage DecodeJpeg(byte[] jpeg, long pixelLimit)
        => Decode("JPEG", pixelLimit, () => Image.JpegloadBuffer(
            jpeg, access: Enums.Access.Sequential, failOn: Enums.FailOn.None));

    public static RgbImage DecodePng(byte[] png, long pixelLimit)
    {
        // Byte 25 is IHDR's colour type: 0 is grey without an alpha channel (libvips makes one out of a transparent grey).
        bool isPlainGrey = png.Length > 25 && png[25] == 0;
        return Decode("PNG", pixelLimit, () => Image.PngloadBuffer(
            png, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated), clips16BitGrey: isPlainGrey);
    }

    public static RgbImage DecodeWebp(byte[] webp, long pixelLimit)
        => Decode("WebP", pixelLimit, () => Image.WebploadBuffer(
            webp, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated));

    private static unsafe RgbImage Decode(string format, long pixelLimit, Func<Image> open, bool clips16BitGrey = false)
    {
        try
        {
            using Image source = open();
            ImageDecoder.CheckSize(source.Width, source.Height, pixelLimit);
            nint memory = source.WriteToMemory(out ulong size);
            try
            {
                var image = new RgbImage(source.Width, source.Height);
                var samples = new ReadOnlySpan<byte>((void*)memory, checked((int)size));
                if (source.Format == Enums.BandFormat.Ushort)
                    PixelLayouts.Unpack(new ReadOnlySpan<ushort>((void*)memory, samples.Length / 2), source.Bands, clips16BitGrey, image.Pixels);
                else if (source.Interpretation == Enums.Interpretation.Cmyk)
                    Cmyk(samples, image);
                else
                    PixelLayouts.Unpack(samples, source.Bands, image.Pixels);
                return image;
            }
            finally
            {
                NetVips.NetVips.Free(memory);
            }
        }
        catch (VipsException cause)
        {
            throw new ImageException($"the {format} is damaged or truncated: {LastLine(cause.Message)}", cause);
        }
    }

    // libvips has already inverted them, as PIL does: with or without an Adobe marker.
    private static void Cmyk(ReadOnlySpan<byte> samples, RgbImage image)
    {
        samples.CopyTo(image.Pixels);
        PixelLayouts.CmykToRgb(image.Pixels, inverted: false);
    }

    // libvips puts its own story first ("unable to call pngload_buffer") and the cause last.
    private static string LastLine(string message)
        => message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "no reason given";
}
