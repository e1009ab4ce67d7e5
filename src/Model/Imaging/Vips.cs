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

    /// <summary>Turns a strip of libvips' samples into pixels.</summary>
    internal delegate void StripUnpacker(Image source, ReadOnlySpan<byte> samples, Span<byte> rgbx);

    /// <summary>A JPEG that was looked at.</summary>
    public static VipsSource Jpeg(byte[] jpeg, JpegHeader header) => new(
        "JPEG", () => Image.JpegloadBuffer(jpeg, access: Enums.Access.Sequential, failOn: Enums.FailOn.None), Unpack)
    {
        Size = (header.Width, header.Height),
        DecoderBytes = source => jpeg.Length + KeptBytes(source) + header.CoefficientBytes,
    };

    /// <summary>A PNG.</summary>
    public static VipsSource Png(byte[] png)
    {
        // Bytes 25 and 28 are IHDR's colour type, where 0 is grey without an alpha channel (libvips makes one out of a transparent grey),
        // and its order of rows: one in passes is decoded whole before there is a row.
        bool isPlainGrey = png.Length > 25 && png[25] == 0, isInPasses = png.Length > 28 && png[28] != 0;
        byte[] whole = PngPalette.Completed(png);
        return new VipsSource(
            "PNG", () => Image.PngloadBuffer(whole, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated),
            (source, samples, rgbx) => Unpack(source, samples, rgbx, clips16BitGrey: isPlainGrey))
        {
            DecoderBytes = source => whole.Length + (isInPasses ? 2 * RowBytes(source) * source.Height : KeptBytes(source)),
        };
    }

    /// <summary>A WebP: decoded whole, with some rows besides.</summary>
    public static VipsSource Webp(byte[] webp) => new(
        "WebP", () => Image.WebploadBuffer(webp, access: Enums.Access.Sequential, failOn: Enums.FailOn.Truncated), Unpack)
    {
        DecoderBytes = source => webp.Length + (RgbImage.BytesOf(source.Width, source.Height) * 3 / 2),
    };

    /// <summary>A TIFF that was looked at.</summary>
    public static VipsSource OfTiff(byte[] tiff, TiffHeader header, long decoderBytes, StripUnpacker unpack) => new(
        "TIFF", () => Image.TiffloadBuffer(tiff, access: Enums.Access.Sequential, failOn: Enums.FailOn.Error), unpack)
    {
        Size = (header.Width, header.Height),
        DecoderBytes = _ => decoderBytes,
    };

    /// <summary>Reads the header alone.</summary>
    /// <exception cref="ImageException">It is damaged, or the image too large.</exception>
    public static void LookAt(VipsSource source, DecodingLimits limits)
    {
        try
        {
            using Image opened = Open(source);
            limits.CheckSize(opened.Width, opened.Height);
        }
        catch (VipsException cause)
        {
            throw Damaged(source, cause);
        }
    }

    /// <summary>Decodes an image, within limits, or (null) in memory that the caller has taken.</summary>
    public static RgbImage Decode(VipsSource source, DecodingLimits? limits)
    {
        RgbImage? image = null;
        try
        {
            using Image opened = Open(source);
            using Admission? admission = limits?.Admit(opened.Width, opened.Height, source.DecoderBytes(opened));
            image = new RgbImage(opened.Width, opened.Height);
            using Region region = Region.New(opened);
            int stripRows = StripRows(opened);
            for (int row = 0; row < opened.Height; row += stripRows)
            {
                int count = Math.Min(stripRows, opened.Height - row);
                source.Unpack(opened, region.Fetch(0, row, opened.Width, count), image.Rows(row, count));
            }
            return admission?.HandOver(image) ?? image;
        }
        catch (VipsException cause)
        {
            image?.Dispose();
            throw Damaged(source, cause);
        }
        catch (ImageException)
        {
            image?.Dispose();
            throw;
        }
    }

    /// <summary>Decodes an image and preprocesses it as it comes, so that it never lies in memory whole: <see cref="Preprocessing.Evaluate"/>'s values.</summary>
    public static void Evaluate(VipsSource source, DecodingLimits limits, int size, double cropRatio, Span<float> chw)
    {
        try
        {
            using Image opened = Open(source);
            limits.CheckSize(opened.Width, opened.Height);
            using Admission admission = limits.Budget.Admit(
                source.DecoderBytes(opened) + RowEvaluation.BytesOf(opened.Width, opened.Height, size), limits.Cancellation);
            using var evaluation = new RowEvaluation(opened.Width, opened.Height, size, cropRatio);
            using Region region = Region.New(opened);
            int stripRows = StripRows(opened), stride = evaluation.Stride;
            byte[] strip = new byte[stripRows * stride];
            for (int row = 0; row < opened.Height; row += stripRows)
            {
                int count = Math.Min(stripRows, opened.Height - row);
                source.Unpack(opened, region.Fetch(0, row, opened.Width, count), strip.AsSpan(0, count * stride));
                for (int within = 0; within < count; within++)
                    evaluation.Add(row + within, strip.AsSpan(within * stride, stride));
            }
            evaluation.Finish(chw);
        }
        catch (VipsException cause)
        {
            throw Damaged(source, cause);
        }
    }

    // Nothing but the header is read when it is opened, of which NetVips makes a copy; memory is taken before the first row.
    private static Image Open(VipsSource source)
    {
        Image opened = source.Open();
        if (source.Size is not { } size || size == (opened.Width, opened.Height))
            return opened;
        using (opened)
            throw new ImageException($"the {source.Format} is damaged: it has two sizes, {size.Width}×{size.Height} and {opened.Width}×{opened.Height}");
    }

    // libvips keeps one text of errors for the whole process, into which images that are decoded at the same time write as well: it is not told.
    private static ImageException Damaged(VipsSource source, VipsException cause) => new($"the {source.Format} is damaged or truncated", cause);

    private static int StripRows(Image source) => (int)Math.Clamp(StripBytes / RowBytes(source), 1, source.Height);

    private static long KeptBytes(Image source) => 2 * RowBytes(source) * Math.Min(source.Height, KeptRows);

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

    private static long RowBytes(Image source) => (long)source.Width * source.Bands * SampleBytes(source.Format);

    private static int SampleBytes(Enums.BandFormat format) => format switch
    {
        Enums.BandFormat.Uchar or Enums.BandFormat.Char => 1,
        Enums.BandFormat.Ushort or Enums.BandFormat.Short => 2,
        Enums.BandFormat.Uint or Enums.BandFormat.Int or Enums.BandFormat.Float => 4,
        _ => throw new ImageException($"samples of type {format} are not supported"),
    };
}
