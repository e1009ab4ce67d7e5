namespace HrNetBatch.Model.Imaging;

/// <summary>
/// transforms.RandomErasing of torchvision on the normalised image: a rectangle of 2 to 33 % of its area, of an aspect ratio from 0.3
/// to 3.3, becomes 0, which is the mean colour.
/// </summary>
internal static class RandomErasing
{
    private const double LeastShare = 0.02, MostShare = 0.33;
    private static readonly double LeastRatio = Math.Log(0.3), MostRatio = Math.Log(3.3);

    /// <summary>Erases in [3, size, size] floats with the given probability.</summary>
    public static void Apply(Span<float> chw, int size, double probability, ref SplitMix64 random)
    {
        if (random.NextDouble() >= probability || Draw(size, size, ref random) is not { } box)
            return;
        for (int channel = 0; channel < 3; channel++)
            for (int row = box.Top; row < box.Top + box.Height; row++)
                chw.Slice((((channel * size) + row) * size) + box.Left, box.Width).Clear();
    }

    /// <summary>RandomErasing.get_params, drawing in its order: area, aspect ratio, top, left; null where ten draws did not fit.</summary>
    public static PixelBox? Draw(int width, int height, ref SplitMix64 random)
    {
        for (int attempt = 0; attempt < 10; attempt++)
        {
            double area = width * height * random.NextDouble(LeastShare, MostShare);
            double ratio = Math.Exp(random.NextDouble(LeastRatio, MostRatio));
            int boxHeight = (int)Math.Round(Math.Sqrt(area * ratio)), boxWidth = (int)Math.Round(Math.Sqrt(area / ratio));
            if (boxHeight >= height || boxWidth >= width)
                continue;
            int top = random.NextInt(height - boxHeight + 1), left = random.NextInt(width - boxWidth + 1);
            return new PixelBox(left, top, boxWidth, boxHeight);
        }
        return null;
    }
}
