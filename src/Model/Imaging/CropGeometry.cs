namespace HrNetBatch.Model.Imaging;

/// <summary>Where torchvision (0.14) resizes and crops to, in its own integer arithmetic.</summary>
internal static class CropGeometry
{
    // A strip of one pixel by millions would be resized to billions of columns; PIL fails on it too.
    private const int LongestSide = 1 << 28;

    /// <summary>Size of an image whose short side becomes <paramref name="shortSide"/>: transforms.Resize.</summary>
    /// <exception cref="ImageException">The long side would be absurd.</exception>
    public static (int Width, int Height) ResizeShortSide(int width, int height, int shortSide)
    {
        double longSide = (double)((long)shortSide * Math.Max(width, height)) / Math.Min(width, height);
        if (longSide > LongestSide)
            throw new ImageException($"the image is too narrow to resize: {width}×{height}");
        return width <= height ? (shortSide, (int)longSide) : ((int)longSide, shortSide);
    }

    /// <summary>
    /// transforms.CenterCrop along one axis: which input pixels are taken and where in the crop they start; an image smaller than the
    /// crop is surrounded by zeros.
    /// </summary>
    public static (int Start, int Count, int Offset) CenterCrop(int size, int crop)
        // Python's round() and the default here both round halves to even.
        => crop > size ? (0, size, (crop - size) / 2) : ((int)Math.Round((size - crop) / 2.0), crop, 0);

    /// <summary>
    /// transforms.RandomResizedCrop.get_params with scale (minScale, 1) and ratio (3/4, 4/3), drawing from our own random numbers in
    /// torchvision's order: area, aspect ratio, top, left.
    /// </summary>
    public static PixelBox RandomResizedCrop(int width, int height, ref SplitMix64 random, double minScale = 0.08)
    {
        const double minRatio = 3.0 / 4.0, maxRatio = 4.0 / 3.0;
        double area = (double)width * height;
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double targetArea = area * random.NextDouble(minScale, 1.0);
            double ratio = Math.Exp(random.NextDouble(Math.Log(minRatio), Math.Log(maxRatio)));
            double cropWidth = Math.Round(Math.Sqrt(targetArea * ratio));
            double cropHeight = Math.Round(Math.Sqrt(targetArea / ratio));
            if (cropWidth < 1 || cropWidth > width || cropHeight < 1 || cropHeight > height)
                continue;
            int top = random.NextInt(height - (int)cropHeight + 1);
            int left = random.NextInt(width - (int)cropWidth + 1);
            return new PixelBox(left, top, (int)cropWidth, (int)cropHeight);
        }
        return CentralCrop(width, height, minRatio, maxRatio);
    }

    private static PixelBox CentralCrop(int width, int height, double minRatio, double maxRatio)
    {
        double ratio = (double)width / height;
        int cropWidth = width, cropHeight = height;
        if (ratio < minRatio)
            cropHeight = (int)Math.Round(width / minRatio);
        else if (ratio > maxRatio)
            cropWidth = (int)Math.Round(height * maxRatio);
        return new PixelBox((width - cropWidth) / 2, (height - cropHeight) / 2, cropWidth, cropHeight);
    }
}
