namespace HrNetBatch.Model.Imaging;

/// <summary>
/// transforms.RandAugment of torchvision on PIL images, with its 31 magnitudes, nearest pixels and black edges: so many operations
/// drawn from fourteen, one after the other, all of one strength.
/// </summary>
internal static class RandAugment
{
    /// <summary>The highest magnitude.</summary>
    public const int StrongestMagnitude = 30;

    private static readonly RandAugmentOperation[] Operations = Enum.GetValues<RandAugmentOperation>();

    /// <summary>Changes the image, drawing in torchvision's order: operation, then its direction where it has two.</summary>
    public static void Apply(RgbImage image, int operationCount, int magnitude, ref SplitMix64 random)
    {
        for (int drawn = 0; drawn < operationCount; drawn++)
        {
            RandAugmentOperation operation = Operations[random.NextInt(Operations.Length)];
            double strength = Strength(operation, magnitude, image.Width, image.Height);
            if (HasTwoDirections(operation) && random.NextInt(2) == 1)
                strength = -strength;
            Apply(image, operation, strength);
        }
    }

    /// <summary>One operation, with what its magnitude means to it: a slope, pixels, degrees, 1 less than a factor, bits or a threshold.</summary>
    public static void Apply(RgbImage image, RandAugmentOperation operation, double strength)
    {
        switch (operation)
        {
            case RandAugmentOperation.ShearX: AffineOperations.ShearX(image, strength); break;
            case RandAugmentOperation.ShearY: AffineOperations.ShearY(image, strength); break;
            case RandAugmentOperation.TranslateX: AffineOperations.Translate(image, (int)strength, 0); break;
            case RandAugmentOperation.TranslateY: AffineOperations.Translate(image, 0, (int)strength); break;
            case RandAugmentOperation.Rotate: AffineOperations.Rotate(image, strength); break;
            case RandAugmentOperation.Brightness: ColorOperations.Brightness(image, 1 + strength); break;
            case RandAugmentOperation.Color: ColorOperations.Saturation(image, 1 + strength); break;
            case RandAugmentOperation.Contrast: ColorOperations.Contrast(image, 1 + strength); break;
            case RandAugmentOperation.Sharpness: ColorOperations.Sharpness(image, 1 + strength); break;
            case RandAugmentOperation.Posterize: LookupOperations.Posterize(image, (int)strength); break;
            case RandAugmentOperation.Solarize: LookupOperations.Solarize(image, strength); break;
            case RandAugmentOperation.AutoContrast: LookupOperations.AutoContrast(image); break;
            case RandAugmentOperation.Equalize: LookupOperations.Equalize(image); break;
        }
    }

    /// <summary>What a magnitude from 0 to 30 means to an operation, in the table's single precision.</summary>
    public static double Strength(RandAugmentOperation operation, int magnitude, int width, int height) => operation switch
    {
        RandAugmentOperation.ShearX or RandAugmentOperation.ShearY => Share(0.3, magnitude),
        RandAugmentOperation.TranslateX => Share(150.0 / 331.0 * width, magnitude),
        RandAugmentOperation.TranslateY => Share(150.0 / 331.0 * height, magnitude),
        RandAugmentOperation.Rotate => Share(30, magnitude),
        RandAugmentOperation.Brightness or RandAugmentOperation.Color or RandAugmentOperation.Contrast or RandAugmentOperation.Sharpness => Share(0.9, magnitude),
        RandAugmentOperation.Posterize => 8 - Math.Round(magnitude / (StrongestMagnitude / 4.0)),
        RandAugmentOperation.Solarize => 255 - (8.5 * magnitude),
        _ => 0,
    };

    private static bool HasTwoDirections(RandAugmentOperation operation) => operation is >= RandAugmentOperation.ShearX and <= RandAugmentOperation.Sharpness;

    // torch.linspace counts from both ends.
    private static float Share(double most, int magnitude)
    {
        float step = (float)most / StrongestMagnitude;
        return magnitude < (StrongestMagnitude + 1) / 2 ? step * magnitude : (float)most - (step * (StrongestMagnitude - magnitude));
    }
}
