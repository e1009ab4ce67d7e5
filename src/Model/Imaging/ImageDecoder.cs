using System.Buffers.Binary;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Encoded bytes to the pixels of <c>PIL.Image.open(f).convert("RGB")</c>, bit for bit (shown against Pillow 9.4): alpha is dropped,
/// palettes are looked up, an EXIF orientation is ignored (a TIFF's is not), of several frames or pages only the first is read.
/// Reads JPEG, PNG, WebP, GIF, BMP, TIFF, PPM, PGM and PBM, recognised by content and never by name. Thread-safe.
/// </summary>
public static class ImageDecoder
{
    /// <summary>The size from which PIL refuses an image as a decompression bomb: 178,956,970 pixels.</summary>
    public const long DefaultPixelLimit = 2 * (1024L * 1024 * 1024 / 4 / 3);

    /// <summary>Longest side. What is longer is a strip that decoders would take gigabytes for, a row at a time.</summary>
    public const int LongestSide = 1 << 20;

    // Each scan is a pass over all coefficients, and a few bytes are enough for one. Real progressive files have a dozen, so that the
    // largest image that is read stays below the second number; beyond the usual count a second's work is enough.
    private const int UsualScanCount = 32;
    private const long ScannedPixels = 1L << 31, ScannedPixelsOfMany = 1L << 28;

    // Below it the whole picture in memory costs little, and the fastest decoders want it so.
    private const long LargePixelBytes = 64 << 20;

    // A JPEG is large from four times as much on: libturbojpeg, which has no rows, is half as fast again as libvips.
    private const int JpegShare = 4;

    /// <summary>The names' endings of what is read, without a dot, in lower case: torchvision's, and GIF.</summary>
    public static IReadOnlyList<string> Extensions { get; } = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "gif"];

    /// <summary>Decodes one image.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="pixelLimit">Images of more pixels than this are refused before they are decoded.</param>
    /// <param name="cancellation">Gives up waiting for memory.</param>
    /// <returns>The pixels; the caller disposes the image, soon, since others may wait for its memory (<see cref="DecodingBudget"/>).</returns>
    /// <exception cref="ImageException">The image is of no known format, damaged, truncated or too large.</exception>
    public static RgbImage Decode(byte[] encoded, long pixelLimit = DefaultPixelLimit, CancellationToken cancellation = default) =>
        Decode(encoded, DecodingLimits.Default with { PixelLimit = pixelLimit, Cancellation = cancellation });

    /// <summary>Decodes one image within limits.</summary>
    internal static RgbImage Decode(byte[] encoded, DecodingLimits limits)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        return ExtensionOf(encoded) switch
        {
            "jpg" => DecodeJpeg(encoded, limits, TurboJpeg.IsAvailable),
            "png" => Vips.Decode(Vips.Png(encoded), limits),
            "webp" => Vips.Decode(Vips.Webp(encoded), limits),
            "gif" => Gif.Decode(encoded, limits),
            "bmp" => Bmp.Decode(encoded, limits),
            "tif" => Tiff.Decode(encoded, limits),
            "ppm" => Pnm.Decode(encoded, limits),
            _ => throw new ImageException(ImageFormats.Refusal(encoded)),
        };
    }

    /// <summary>
    /// Why an image cannot be decoded, as far as that is told cheaply: by all markers of a JPEG, the header and chunks of a PNG, the headers of a WebP
    /// and a TIFF; the other formats are decoded. Null: nothing speaks against it.
    /// </summary>
    /// <param name="encoded">The whole file.</param>
    public static string? FaultOf(byte[] encoded)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        DecodingLimits limits = DecodingLimits.Default;
        try
        {
            switch (ExtensionOf(encoded))
            {
                case "jpg":
                    LookAtJpeg(encoded, limits);
                    break;
                case "png":
                    if (IsCutOffPng(encoded))
                        return "the PNG is truncated";
                    Vips.LookAt(Vips.Png(encoded), limits);
                    break;
                case "webp":
                    Vips.LookAt(Vips.Webp(encoded), limits);
                    break;
                case "tif":
                    Tiff.RowsOf(encoded, limits, long.MaxValue);
                    break;
                default:
                    Decode(encoded, limits).Dispose();
                    break;
            }
            return null;
        }
        catch (ImageException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>The usual ending of an image's name, told by its content; null for what is not read.</summary>
    public static string? ExtensionOf(ReadOnlySpan<byte> encoded) => encoded switch
    {
        [0xFF, 0xD8, 0xFF, ..] => "jpg",
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "png",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "webp",
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => "gif",
        _ => Bmp.Claims(encoded) ? "bmp" : TiffHeader.Claims(encoded) ? "tif" : Pnm.Claims(encoded) ? "ppm" : null,
    };

    /// <summary>Decodes a JPEG with the decoder asked for, so that a test can hold the two against each other.</summary>
    internal static RgbImage DecodeJpeg(byte[] jpeg, DecodingLimits limits, bool turbo) => DecodeJpeg(jpeg, LookAtJpeg(jpeg, limits), limits, turbo);

    private static RgbImage DecodeJpeg(byte[] jpeg, JpegHeader header, DecodingLimits limits, bool turbo)
    {
        using Admission admission = limits.Admit(header.Width, header.Height, header.CoefficientBytes);
        return admission.HandOver((turbo ? TurboJpeg.Decode(jpeg, header) : null) ?? Vips.Decode(Vips.Jpeg(jpeg, header), limits: null));
    }

    /// <summary>
    /// Decodes one image and preprocesses it for validation and inference, as <see cref="Preprocessing.Evaluate"/> does. A large PNG, JPEG
    /// or TIFF is read row by row, and never lies in memory whole.
    /// </summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="size">Side of the network's input.</param>
    /// <param name="chw">Receives [3, size, size] float32, RGB, normalised.</param>
    /// <param name="cropRatio">Crop side over resized short side.</param>
    /// <param name="cancellation">Gives up waiting for memory.</param>
    /// <exception cref="ImageException">As for <see cref="Decode(byte[], long, CancellationToken)"/>; or the image is too narrow to resize.</exception>
    public static void Evaluate(
        byte[] encoded, int size, Span<float> chw, double cropRatio = Preprocessing.DefaultCropRatio, CancellationToken cancellation = default) =>
        Evaluate(encoded, size, chw, cropRatio, DecodingLimits.Default with { Cancellation = cancellation }, LargePixelBytes);

    /// <summary>The same within limits, row by row from so many bytes of pixels on.</summary>
    internal static void Evaluate(byte[] encoded, int size, Span<float> chw, double cropRatio, DecodingLimits limits, long largePixelBytes)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        string? format = ExtensionOf(encoded);
        JpegHeader? jpeg = format == "jpg" ? LookAtJpeg(encoded, limits) : null;
        VipsSource? rows = jpeg is { } header ? IsLarge(header.Width, header.Height, largePixelBytes, JpegShare) ? Vips.Jpeg(encoded, header) : null
            : format == "png" && IsLargePng(encoded, largePixelBytes) ? Vips.Png(encoded)
            : format == "tif" ? Tiff.RowsOf(encoded, limits, largePixelBytes) : null;
        if (rows is not null)
        {
            Vips.Evaluate(rows, limits, size, cropRatio, chw);
            return;
        }
        using RgbImage image = jpeg is { } known ? DecodeJpeg(encoded, known, limits, TurboJpeg.IsAvailable) : Decode(encoded, limits);
        Preprocessing.Evaluate(image, size, chw, cropRatio);
    }

    private static bool IsLarge(int width, int height, long leastPixelBytes, int share = 1) => RgbImage.BytesOf(width, height) / share >= leastPixelBytes;

    private static bool IsLargePng(ReadOnlySpan<byte> png, long leastPixelBytes) => png.Length > 33
        && BinaryPrimitives.ReadInt32BigEndian(png[16..]) is > 0 and var width && BinaryPrimitives.ReadInt32BigEndian(png[20..]) is > 0 and var height
        && IsLarge(width, height, leastPixelBytes);

    // Whether a chunk of pixels goes on behind the end of the file, or none begins before it.
    private static bool IsCutOffPng(ReadOnlySpan<byte> png)
    {
        const int signatureBytes = 8, chunkHeaderBytes = 8, checksumBytes = 4;
        bool hasPixels = false;
        for (long at = signatureBytes; at + chunkHeaderBytes <= png.Length;)
        {
            ReadOnlySpan<byte> chunk = png[(int)at..];
            bool isPixels = chunk[4..].StartsWith("IDAT"u8);
            at += chunkHeaderBytes + BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (isPixels && at > png.Length)
                return true;
            hasPixels |= isPixels;
            at += checksumBytes;
        }
        return !hasPixels;
    }

    private static JpegHeader LookAtJpeg(byte[] jpeg, DecodingLimits limits)
    {
        JpegHeader header = JpegHeader.Read(jpeg);
        limits.CheckSize(header.Width, header.Height);
        if (header.BitsPerSample != 8 || header.ComponentCount is not (1 or 3 or 4))
            throw new ImageException($"JPEG of {header.ComponentCount} components of {header.BitsPerSample} bits is not supported");

        // As in PIL, which reads a file without its end marker only by luck: when its last bytes are already in a register.
        if (!header.IsComplete)
            throw new ImageException("the JPEG is truncated");
        if ((long)header.ScanCount * header.Width * header.Height > (header.ScanCount > UsualScanCount ? ScannedPixelsOfMany : ScannedPixels))
            throw new ImageException($"the JPEG has {header.ScanCount} scans of {header.Width}×{header.Height}, which would take minutes to decode: save it again");
        return header;
    }
}
