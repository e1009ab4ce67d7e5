using System.Buffers;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// From pixels to the network's input, equal to the original's torchvision transforms on PIL images, value for value.
/// Thread-safe; scratch memory is rented.
/// </summary>
public static class Preprocessing
{
    /// <summary>Share of the resized short side that the centre crop keeps: 224 of 256.</summary>
    public const double DefaultCropRatio = 0.875;

    /// <summary>Number of floats of one preprocessed image: 3 × size × size.</summary>
    public static int FloatCount(int size) => 3 * size * size;

    /// <summary>
    /// For validation and inference: short side to int(size / cropRatio), bilinear with antialias; centre crop; normalise.
    /// </summary>
    /// <param name="image">The decoded image.</param>
    /// <param name="size">Side of the network's input.</param>
    /// <param name="chw">Receives [3, size, size] float32, RGB, normalised.</param>
    /// <param name="cropRatio">Crop side over resized short side.</param>
    /// <exception cref="ImageException">The image is too narrow to resize.</exception>
    public static void Evaluate(RgbImage image, int size, Span<float> chw, double cropRatio = DefaultCropRatio)
    {
        CheckRoom(size, chw);
        var (window, width, height, leftPad, topPad) = Geometry(image.Width, image.Height, size, cropRatio);
        if (window.Width < size || window.Height < size)
            Normalization.FillBlack(chw);
        Write(image, new PixelBox(0, 0, image.Width, image.Height), width, height, window, size, leftPad, topPad, mirrored: false, chw);
    }

    /// <summary>What of the resized image becomes the input, how large it is resized, and where in the input it lies.</summary>
    internal static (PixelBox Window, int Width, int Height, int LeftPad, int TopPad) Geometry(int imageWidth, int imageHeight, int size, double cropRatio)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cropRatio);
        var (width, height) = CropGeometry.ResizeShortSide(imageWidth, imageHeight, (int)(size / cropRatio));
        var (left, columns, leftPad) = CropGeometry.CenterCrop(width, size);
        var (top, rows, topPad) = CropGeometry.CenterCrop(height, size);
        return (new PixelBox(left, top, columns, rows), width, height, leftPad, topPad);
    }

    /// <summary>Normalises a window that was resized already.</summary>
    internal static void WriteWindow(ReadOnlySpan<byte> resized, PixelBox window, int size, int leftPad, int topPad, Span<float> chw)
    {
        CheckRoom(size, chw);
        if (window.Width < size || window.Height < size)
            Normalization.FillBlack(chw);
        Normalize(resized, window.Width, window.Height, size, (topPad * size) + leftPad, mirrored: false, chw);
    }

    /// <summary>For training: RandomResizedCrop, horizontal flip, what else the augmentation asks for, normalise.</summary>
    /// <param name="image">The decoded image.</param>
    /// <param name="size">Side of the network's input.</param>
    /// <param name="random">The sample's own random numbers: <c>SplitMix64.For(seed, epoch, index)</c>.</param>
    /// <param name="chw">Receives [3, size, size] float32, RGB, normalised.</param>
    /// <param name="augmentation">How far it goes; null for the original's. What is off draws no random numbers.</param>
    public static void Augment(RgbImage image, int size, ref SplitMix64 random, Span<float> chw, Augmentation? augmentation = null)
    {
        augmentation ??= Augmentation.Default;
        PixelBox box = CropGeometry.RandomResizedCrop(image.Width, image.Height, ref random, augmentation.MinimumCropScale);
        bool mirrored = random.NextDouble() < 0.5 && augmentation.Flips;
        if (augmentation.JittersColors || augmentation.RandAugmentOperations > 0)
            Recolor(image, box, size, mirrored, augmentation, ref random, chw);
        else
            Crop(image, box, size, mirrored, chw);
        if (augmentation.ErasingProbability > 0)
            RandomErasing.Apply(chw, size, augmentation.ErasingProbability, ref random);
    }

    // Operations on pixels come after the mirror, as in torchvision: a shear of the mirror image is not the mirror image of a shear.
    private static void Recolor(
        RgbImage image, PixelBox box, int size, bool mirrored, Augmentation augmentation, ref SplitMix64 random, Span<float> chw)
    {
        CheckRoom(size, chw);
        using var crop = new RgbImage(size, size);
        PilResize.Resize(image, box, size, size, new PixelBox(0, 0, size, size), crop.PixelsAndTail);
        if (mirrored)
            crop.Mirror();
        if (augmentation.JittersColors)
            ColorJitter.Apply(crop, augmentation, ref random);
        RandAugment.Apply(crop, augmentation.RandAugmentOperations, augmentation.RandAugmentMagnitude, ref random);
        Normalize(crop.Pixels, size, size, size, 0, mirrored: false, chw);
    }

    /// <summary>Crops, resizes the crop to size × size, mirrors if asked for and normalises: what one augmentation draws.</summary>
    internal static void Crop(RgbImage image, PixelBox box, int size, bool mirrored, Span<float> chw)
    {
        CheckRoom(size, chw);
        Write(image, box, size, size, new PixelBox(0, 0, size, size), size, 0, 0, mirrored, chw);
    }

    private static void Write(
        RgbImage image, PixelBox box, int width, int height, PixelBox window, int size, int leftPad, int topPad, bool mirrored, Span<float> chw)
    {
        int stride = window.Width * RgbImage.BytesPerPixel;
        byte[] resized = ArrayPool<byte>.Shared.Rent((window.Height * stride) + RgbImage.TailBytes);
        try
        {
            PilResize.Resize(image, box, width, height, window, resized);
            Normalize(resized, window.Width, window.Height, size, (topPad * size) + leftPad, mirrored, chw);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(resized);
        }
    }

    // start: where in each plane the first pixel goes.
    private static void Normalize(ReadOnlySpan<byte> rgbx, int width, int height, int size, int start, bool mirrored, Span<float> chw)
    {
        int stride = width * RgbImage.BytesPerPixel;
        for (int row = 0; row < height; row++)
        {
            int target = (row * size) + start;
            Normalization.WriteRow(
                rgbx.Slice(row * stride, stride),
                chw.Slice(target, width),
                chw.Slice((size * size) + target, width),
                chw.Slice((2 * size * size) + target, width),
                mirrored);
        }
    }

    private static void CheckRoom(int size, Span<float> chw)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        if (chw.Length != FloatCount(size))
            throw new ArgumentException($"A {size}×{size} image takes {FloatCount(size)} floats, not {chw.Length}.", nameof(chw));
    }
}
