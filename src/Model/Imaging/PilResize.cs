namespace HrNetBatch.Model.Imaging;

/// <summary>The resize of an image that lies in memory whole.</summary>
internal static class PilResize
{
    /// <summary>Resizes a box of the source, as if it were cropped first, and writes a window of the result.</summary>
    /// <param name="source">The image.</param>
    /// <param name="box">What of it is resized.</param>
    /// <param name="width">Columns of the whole result.</param>
    /// <param name="height">Rows of the whole result.</param>
    /// <param name="window">What of the result is wanted.</param>
    /// <param name="destination">[window.Height, window.Width, 4] bytes, RGBX, and <see cref="RgbImage.TailBytes"/> of room behind them.</param>
    public static void Resize(RgbImage source, PixelBox box, int width, int height, PixelBox window, Span<byte> destination)
        => Resize(source, box, width, height, window, destination, ResizeKernels.WidestVectorBits);

    /// <summary>The same with a chosen vector width (512, 256 or 128), so that a test can hold them against each other.</summary>
    internal static void Resize(
        RgbImage source, PixelBox box, int width, int height, PixelBox window, Span<byte> destination, int vectorBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, (window.Height * window.Width * RgbImage.BytesPerPixel) + RgbImage.TailBytes);
        using var resizer = new PilResizer(box, width, height, window, vectorBits);
        Span<byte> pixels = source.Pixels;
        for (int group = 0; group < resizer.GroupCount; group++)
        {
            int row = resizer.FirstRow + (group * PackedTaps.GroupSize);
            resizer.Pass(group, ref pixels[(row * source.Stride) + (box.Left * RgbImage.BytesPerPixel)], source.Stride);
        }
        resizer.Finish(destination);
    }
}
