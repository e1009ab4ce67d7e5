using System.Buffers;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// PIL's antialiased bilinear resize of 8-bit images, bit for bit: a horizontal pass rounded to bytes, then a vertical one, with
/// 22-bit fixed-point weights. Only the asked-for window of the result is computed. Sums of integers do not depend on their order,
/// so any vector width gives the same pixels.
/// </summary>
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
        int stride = window.Width * RgbImage.BytesPerPixel;
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, (window.Height * stride) + RgbImage.TailBytes);

        TriangleFilter rows = TriangleFilter.Create(box.Height, height, window.Top, window.Height);
        int firstRow = rows.First[0];
        int rowCount = rows.First[^1] + rows.Count[^1] - firstRow;
        PackedTaps rowTaps = PackedTaps.Create(rows, firstRow, rowCount, PackedTaps.GroupSize);
        TriangleFilter columns = TriangleFilter.Create(box.Width, width, window.Left, window.Width);
        PackedTaps columnTaps = PackedTaps.Create(columns, 0, box.Width, 1);

        int cellStride = window.Width * ResizeKernels.CellBytes;
        int groupCount = (rowCount + PackedTaps.GroupSize - 1) / PackedTaps.GroupSize;
        byte[] cells = ArrayPool<byte>.Shared.Rent(checked(groupCount * cellStride) + RgbImage.TailBytes);
        try
        {
            Span<byte> pixels = source.Pixels;
            for (int group = 0; group < groupCount; group++)
            {
                // Below the last row its copies stand in; their weights are zero.
                int row = group * PackedTaps.GroupSize, last = rowCount - 1 - row;
                int offset = ((box.Top + firstRow + row) * source.Stride) + (box.Left * RgbImage.BytesPerPixel);
                ResizeKernels.Columns(
                    ref pixels[offset],
                    Math.Min(1, last) * source.Stride, Math.Min(2, last) * source.Stride, Math.Min(3, last) * source.Stride,
                    columnTaps, cells.AsSpan(group * cellStride, cellStride), vectorBits);
            }
            int integers = rowTaps.GroupCount * PackedTaps.IntegersPerGroup;
            for (int row = 0; row < window.Height; row++)
                ResizeKernels.Row(
                    ref cells[rowTaps.Starts[row] / PackedTaps.GroupSize * cellStride], window.Width,
                    rowTaps.Weights.AsSpan(row * integers, integers), ref destination[row * stride], vectorBits);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(cells);
        }
    }
}
