using System.Buffers;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// PIL's antialiased bilinear resize of 8-bit images, bit for bit, four rows of the source at a time: a horizontal pass rounded to
/// bytes, then a vertical one, with 22-bit fixed-point weights. Only the asked-for window of the result is computed. Sums of integers
/// do not depend on their order, so any vector width gives the same pixels. Not thread-safe.
/// </summary>
internal sealed class PilResizer : IDisposable
{
    private readonly PackedTaps _rowTaps, _columnTaps;
    private readonly PixelBox _window;
    private readonly int _vectorBits, _cellStride;
    private readonly byte[] _cells;

    /// <param name="box">What of the source is resized, as if it were cropped first.</param>
    /// <param name="width">Columns of the whole result.</param>
    /// <param name="height">Rows of the whole result.</param>
    /// <param name="window">What of the result is wanted.</param>
    /// <param name="vectorBits">512, 256 or 128.</param>
    public PilResizer(PixelBox box, int width, int height, PixelBox window, int vectorBits)
    {
        (_window, _vectorBits) = (window, vectorBits);
        TriangleFilter rows = TriangleFilter.Create(box.Height, height, window.Top, window.Height);
        int first = rows.First[0];
        RowCount = rows.First[^1] + rows.Count[^1] - first;
        FirstRow = box.Top + first;
        _rowTaps = PackedTaps.Create(rows, first, RowCount, PackedTaps.GroupSize);
        TriangleFilter columns = TriangleFilter.Create(box.Width, width, window.Left, window.Width);
        _columnTaps = PackedTaps.Create(columns, 0, box.Width, 1);
        _cellStride = window.Width * ResizeKernels.CellBytes;
        _cells = ArrayPool<byte>.Shared.Rent(checked(GroupCount * _cellStride) + RgbImage.TailBytes);
    }

    /// <summary>The first row of the source that is needed.</summary>
    public int FirstRow { get; }

    /// <summary>How many rows are needed from there on.</summary>
    public int RowCount { get; }

    /// <summary>How many groups of four rows that is; the last may have fewer.</summary>
    public int GroupCount => (RowCount + PackedTaps.GroupSize - 1) / PackedTaps.GroupSize;

    /// <summary>Passes over a group of rows.</summary>
    /// <param name="group">Its number.</param>
    /// <param name="first">The first pixel of the box in its first row; <see cref="RgbImage.TailBytes"/> behind the last row may be read.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    public void Pass(int group, ref byte first, int stride)
    {
        // Below the last row its copies stand in; their weights are zero.
        int last = RowCount - 1 - (group * PackedTaps.GroupSize);
        ResizeKernels.Columns(
            ref first, Math.Min(1, last) * stride, Math.Min(2, last) * stride, Math.Min(3, last) * stride,
            _columnTaps, _cells.AsSpan(group * _cellStride, _cellStride), _vectorBits);
    }

    /// <summary>Writes the window, once all groups were passed over.</summary>
    /// <param name="destination">[window.Height, window.Width, 4] bytes, RGBX, and <see cref="RgbImage.TailBytes"/> of room behind them.</param>
    public void Finish(Span<byte> destination)
    {
        int integers = _rowTaps.GroupCount * PackedTaps.IntegersPerGroup, stride = _window.Width * RgbImage.BytesPerPixel;
        for (int row = 0; row < _window.Height; row++)
            ResizeKernels.Row(
                ref _cells[_rowTaps.Starts[row] / PackedTaps.GroupSize * _cellStride], _window.Width,
                _rowTaps.Weights.AsSpan(row * integers, integers), ref destination[row * stride], _vectorBits);
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_cells);
}
