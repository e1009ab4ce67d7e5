namespace HrNetBatch.Model.Imaging;

/// <summary>transforms.ColorJitter of torchvision on PIL images: brightness, contrast, saturation and hue, in random order.</summary>
internal static class ColorJitter
{
    /// <summary>Changes the image, drawing in torchvision's order: the order of the four (Fisher and Yates), then the factor of each that is on.</summary>
    public static void Apply(RgbImage image, Augmentation augmentation, ref SplitMix64 random)
    {
        Span<int> order = [0, 1, 2, 3];
        for (int last = order.Length - 1; last > 0; last--)
        {
            int other = random.NextInt(last + 1);
            (order[last], order[other]) = (order[other], order[last]);
        }
        double? brightness = Factor(augmentation.BrightnessJitter, ref random);
        double? contrast = Factor(augmentation.ContrastJitter, ref random);
        double? saturation = Factor(augmentation.SaturationJitter, ref random);
        double? hue = augmentation.HueJitter == 0 ? null : random.NextDouble(-augmentation.HueJitter, augmentation.HueJitter);
        foreach (int operation in order)
        {
            if (operation == 0 && brightness is { } light)
                ColorOperations.Brightness(image, light);
            else if (operation == 1 && contrast is { } steepness)
                ColorOperations.Contrast(image, steepness);
            else if (operation == 2 && saturation is { } colour)
                ColorOperations.Saturation(image, colour);
            else if (operation == 3 && hue is { } turn)
                HueRotation.Apply(image, turn);
        }
    }

    private static double? Factor(double strength, ref SplitMix64 random)
        => strength == 0 ? null : random.NextDouble(Math.Max(1 - strength, 0), 1 + strength);
}
