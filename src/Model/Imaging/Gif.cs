using System.Buffers.Binary;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// The first frame of a GIF (GIF89a specification), with the colours that its palette has: libvips blanks transparent pixels, PIL's
/// conversion to RGB keeps their colour.
/// </summary>
internal static class Gif
{
    private const int HeaderBytes = 13;
    private const int ImageDescriptorBytes = 10;
    private const byte ImageDescriptor = 0x2C;
    private const byte Extension = 0x21;
    private const byte GraphicControl = 0xF9;
    private const long LargeCanvasPixels = 1 << 24;
    private const int CanvasPerFrame = 16;

    /// <summary>Decodes the first frame onto the GIF's canvas.</summary>
    /// <exception cref="ImageException">Truncated, damaged or too large.</exception>
    public static RgbImage Decode(ReadOnlySpan<byte> gif, DecodingLimits limits)
    {
        try
        {
            return DecodeFrame(gif, limits);
        }
        catch (ArgumentOutOfRangeException cause)
        {
            // Every read goes through a span; one past the end means that the file ends too early.
            throw new ImageException("the GIF is truncated", cause);
        }
        catch (IndexOutOfRangeException cause)
        {
            throw new ImageException("the GIF is truncated", cause);
        }
    }

    private static RgbImage DecodeFrame(ReadOnlySpan<byte> gif, DecodingLimits limits)
    {
        int width = Word(gif, 6), height = Word(gif, 8), flags = gif[10];
        int at = HeaderBytes;
        ReadOnlySpan<byte> palette = Palette(gif, flags, ref at);
        int? transparent = null;
        while (gif[at] != ImageDescriptor)
        {
            if (gif[at] != Extension)
            {
                at++;
                continue;
            }
            if (gif[at + 1] == GraphicControl && gif[at + 2] >= 4 && (gif[at + 3] & 1) != 0)
                transparent = gif[at + 6];
            at += 2;
            while (gif[at] != 0)
                at += gif[at] + 1;
            at++;
        }
        int left = Word(gif, at + 1), top = Word(gif, at + 3), frameWidth = Word(gif, at + 5), frameHeight = Word(gif, at + 7);
        flags = gif[at + 9];
        at += ImageDescriptorBytes;
        ReadOnlySpan<byte> local = Palette(gif, flags, ref at);
        // As PIL: the canvas grows to hold the frame.
        (width, height) = (Math.Max(width, left + frameWidth), Math.Max(height, top + frameHeight));
        limits.CheckSize(width, height);
        limits.CheckSize(frameWidth, frameHeight);
        RefuseBomb(gif.Length - at, (long)frameWidth * frameHeight, (long)width * height);
        using Admission admission = limits.Admit(width, height, (long)frameWidth * frameHeight);
        byte[] indices = new byte[frameWidth * frameHeight];
        Lzw.Decode(gif[at..], indices);
        return admission.HandOver(Paint(indices, new PixelBox(left, top, frameWidth, frameHeight), (flags & 0x40) != 0,
            local.IsEmpty ? palette : local, (byte)(transparent ?? 0), width, height));
    }

    // Thirty bytes can claim a canvas of a gigabyte. A code of LZW has at least three bits and stands for at most 4,096 pixels.
    private static void RefuseBomb(int bytes, long framePixels, long canvasPixels)
    {
        if (framePixels > bytes * (8L * Lzw.LongestRun / 3))
            throw new ImageException("the GIF is truncated");
        if (canvasPixels > LargeCanvasPixels && canvasPixels > framePixels * CanvasPerFrame)
            throw new ImageException($"the GIF's canvas of {canvasPixels} pixels is more than {CanvasPerFrame} times its frame");
    }

    private static RgbImage Paint(
        byte[] indices, PixelBox frame, bool isInterlaced, ReadOnlySpan<byte> palette, byte background, int width, int height)
    {
        byte[] colors = PixelLayouts.GreyPalette();
        palette.CopyTo(colors);
        var image = new RgbImage(width, height);
        Span<byte> pixels = image.Pixels;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
            colors.AsSpan(background * 3, 3).CopyTo(pixels[at..]);
        int source = 0;
        foreach (int row in Rows(frame.Height, isInterlaced))
            for (int column = 0; column < frame.Width; column++)
                colors.AsSpan(indices[source++] * 3, 3).CopyTo(pixels[((((frame.Top + row) * width) + frame.Left + column) * RgbImage.BytesPerPixel)..]);
        return image;
    }

    private static IEnumerable<int> Rows(int height, bool isInterlaced)
    {
        (int Start, int Step)[] passes = isInterlaced ? [(0, 8), (4, 8), (2, 4), (1, 2)] : [(0, 1)];
        foreach (var (start, step) in passes)
            for (int row = start; row < height; row += step)
                yield return row;
    }

    private static ReadOnlySpan<byte> Palette(ReadOnlySpan<byte> gif, int flags, ref int at)
    {
        if ((flags & 0x80) == 0)
            return default;
        ReadOnlySpan<byte> palette = gif.Slice(at, 3 << ((flags & 7) + 1));
        at += palette.Length;
        return palette;
    }

    private static int Word(ReadOnlySpan<byte> gif, int at) => BinaryPrimitives.ReadUInt16LittleEndian(gif[at..]);
}
