using System.Buffers;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// <see cref="Preprocessing.Evaluate"/> of an image that comes row by row, so that it never lies in memory whole; the same values, bit
/// for bit. Not thread-safe.
/// </summary>
internal sealed class RowEvaluation : IDisposable
{
    private readonly int _width, _size;
    private readonly PixelBox _window;
    private readonly int _leftPad, _topPad;
    private readonly PilResizer _resizer;
    private readonly byte[] _group;

    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Its rows.</param>
    /// <param name="size">Side of the network's input.</param>
    /// <param name="cropRatio">Crop side over resized short side.</param>
    /// <exception cref="ImageException">The image is too narrow to resize.</exception>
    public RowEvaluation(int width, int height, int size, double cropRatio)
    {
        (_width, _size) = (width, size);
        (_window, int resizedWidth, int resizedHeight, _leftPad, _topPad) = Preprocessing.Geometry(width, height, size, cropRatio);
        _resizer = new PilResizer(new PixelBox(0, 0, width, height), resizedWidth, resizedHeight, _window, ResizeKernels.WidestVectorBits);
        _group = ArrayPool<byte>.Shared.Rent((PackedTaps.GroupSize * Stride) + RgbImage.TailBytes);
    }

    /// <summary>Bytes of a row of pixels, RGBX.</summary>
    public int Stride => _width * RgbImage.BytesPerPixel;

    /// <summary>What it takes at most for an image of so many rows and columns.</summary>
    public static long BytesOf(int width, int height, int size) =>
        // Cells for four rows of each column of the result, rented and so up to twice; a group of rows; the taps.
        2L * ((height / PackedTaps.GroupSize) + 1) * size * ResizeKernels.CellBytes + (4L * PackedTaps.GroupSize * width * RgbImage.BytesPerPixel) + (64L * (width + height));

    /// <summary>Takes the next row.</summary>
    public void Add(int row, ReadOnlySpan<byte> rgbx)
    {
        int at = row - _resizer.FirstRow;
        if (at < 0 || at >= _resizer.RowCount)
            return;
        int place = at % PackedTaps.GroupSize;
        rgbx.CopyTo(_group.AsSpan(place * Stride));
        if (place == PackedTaps.GroupSize - 1 || at == _resizer.RowCount - 1)
            _resizer.Pass(at / PackedTaps.GroupSize, ref _group[0], Stride);
    }

    /// <summary>Writes [3, size, size] float32, RGB, normalised, once all rows were taken.</summary>
    public void Finish(Span<float> chw)
    {
        byte[] resized = ArrayPool<byte>.Shared.Rent((_window.Height * _window.Width * RgbImage.BytesPerPixel) + RgbImage.TailBytes);
        try
        {
            _resizer.Finish(resized);
            Preprocessing.WriteWindow(resized, _window, _size, _leftPad, _topPad, chw);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(resized);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _resizer.Dispose();
        ArrayPool<byte>.Shared.Return(_group);
    }
}
