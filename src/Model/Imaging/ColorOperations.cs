using System.Buffers;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// PIL's ImageEnhance, bit for bit: each is a blend between the image and a degenerate of it, in single precision, cut off to bytes.
/// A factor of 1 leaves the image as it is, 0 gives the degenerate.
/// </summary>
internal static class ColorOperations
{
    /// <summary>Blends with black.</summary>
    public static void Brightness(RgbImage image, double factor) => BlendWithConstant(image, 0, (float)factor);

    /// <summary>Blends with the image's mean grey.</summary>
    public static void Contrast(RgbImage image, double factor)
    {
        ReadOnlySpan<byte> pixels = image.Pixels;
        long sum = 0;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
            sum += Grey(pixels, at);
        int mean = (int)(((double)sum / (image.Width * image.Height)) + 0.5);
        BlendWithConstant(image, mean, (float)factor);
    }

    /// <summary>Blends with the image in greys.</summary>
    public static void Saturation(RgbImage image, double factor)
    {
        Span<byte> pixels = image.Pixels;
        for (int at = 0; at < pixels.Length; at += RgbImage.BytesPerPixel)
        {
            int grey = Grey(pixels, at);
            for (int channel = 0; channel < 3; channel++)
                pixels[at + channel] = Blend(grey, pixels[at + channel], (float)factor);
        }
    }

    /// <summary>Blends with the image smoothed (ImageFilter.SMOOTH), of which the border is left as it is.</summary>
    public static void Sharpness(RgbImage image, double factor)
    {
        if (image.Width < 3 || image.Height < 3)
            return;
        const float neighbour = 1f / 13f, centre = 5f / 13f;
        Span<byte> pixels = image.Pixels;
        byte[] copy = ArrayPool<byte>.Shared.Rent(pixels.Length);
        try
        {
            pixels.CopyTo(copy);
            ReadOnlySpan<byte> source = copy;
            for (int row = 1; row < image.Height - 1; row++)
            {
                for (int column = 1; column < image.Width - 1; column++)
                {
                    int at = (row * image.Stride) + (column * RgbImage.BytesPerPixel);
                    for (int channel = at; channel < at + 3; channel++)
                    {
                        // In libImaging's order, row below first: sums of floats depend on it.
                        float smooth = 0.5f;
                        smooth += Three(source, channel + image.Stride, neighbour);
                        smooth += Three(source, channel, centre);
                        smooth += Three(source, channel - image.Stride, neighbour);
                        pixels[channel] = Blend(float.ConvertToIntegerNative<int>(smooth), source[channel], (float)factor);
                    }
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }

        static float Three(ReadOnlySpan<byte> source, int at, float middle)
            => (source[at - RgbImage.BytesPerPixel] * neighbour) + (source[at] * middle) + (source[at + RgbImage.BytesPerPixel] * neighbour);
    }

    // libImaging's convert("L").
    private static int Grey(ReadOnlySpan<byte> pixels, int at)
        => ((pixels[at] * 19595) + (pixels[at + 1] * 38470) + (pixels[at + 2] * 7471) + 0x8000) >> 16;

    private static void BlendWithConstant(RgbImage image, int constant, float factor)
    {
        Span<byte> table = stackalloc byte[256];
        for (int value = 0; value < table.Length; value++)
            table[value] = Blend(constant, value, factor);
        LookupOperations.Apply(image, table, table, table);
    }

    private static byte Blend(int degenerate, int value, float factor)
    {
        float mixed = degenerate + (factor * (value - degenerate));
        return mixed <= 0 ? (byte)0 : mixed >= 255 ? (byte)255 : (byte)float.ConvertToIntegerNative<int>(mixed);
    }
}
