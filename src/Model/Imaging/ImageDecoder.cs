namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Encoded bytes to the pixels of <c>PIL.Image.open(f).convert("RGB")</c>, bit for bit (shown against Pillow 9.4): alpha is dropped,
/// palettes are looked up, an EXIF orientation is ignored, of an animation only the first frame is read.
/// Reads JPEG, PNG, WebP and GIF, recognised by content and never by name. Thread-safe.
/// </summary>
public static class ImageDecoder
{
    /// <summary>The size from which PIL refuses an image as a decompression bomb: 178,956,970 pixels.</summary>
    public const long DefaultPixelLimit = 2 * (1024L * 1024 * 1024 / 4 / 3);

    /// <summary>Decodes one image.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="pixelLimit">Images of more pixels than this are refused before they are decoded.</param>
    /// <returns>The pixels; the caller disposes the image.</returns>
    /// <exception cref="ImageException">The image is of no known format, damaged, truncated or too large.</exception>
    public static RgbImage Decode(byte[] encoded, long pixelLimit = DefaultPixelLimit)
    {
        ArgumentNullException.ThrowIfNull(encoded);
        ReadOnlySpan<byte> start = encoded;
        if (start.StartsWith<byte>([0xFF, 0xD8, 0xFF]))
            return DecodeJpeg(encoded, pixelLimit, TurboJpeg.IsAvailable);
        if (start.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]))
            return Vips.DecodePng(encoded, pixelLimit);
        if (start.Length >= 12 && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBP"u8))
            return Vips.DecodeWebp(encoded, pixelLimit);
        if (start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8))
            return Gif.Decode(encoded, pixelLimit);
        throw new ImageException(start.IsEmpty ? "the file is empty" : "not a JPEG, PNG, WebP or GIF image");
    }

    /// <summary>Decodes a JPEG with the decoder asked for, so that a test can hold the two against each other.</summary>
    internal static RgbImage DecodeJpeg(byte[] jpeg, long pixelLimit, bool turbo)
    {
        JpegHeader header = JpegHeader.Read(jpeg);
        CheckSize(header.Width, header.Height, pixelLimit);
        if (header.BitsPerSample != 8 || header.ComponentCount is not (1 or 3 or 4))
            throw new ImageException($"JPEG of {header.ComponentCount} components of {header.BitsPerSample} bits is not supported");

        // As in PIL, which reads a file without its end marker only by luck: when its last bytes are already in a register.
        if (!header.IsComplete)
            throw new ImageException("the JPEG is truncated");
        return (turbo ? TurboJpeg.Decode(jpeg, header) : null) ?? Vips.DecodeJpeg(jpeg, pixelLimit);
    }

    /// <summary>Refuses decompression bombs.</summary>
    internal static void CheckSize(int width, int height, long pixelLimit)
    {
        if (width <= 0 || height <= 0)
            throw new ImageException($"the image is empty: {width}×{height}");
        if ((long)width * height > pixelLimit)
            throw new ImageException($"the image is too large: {width}×{height} is more than {pixelLimit} pixels");
    }
}
