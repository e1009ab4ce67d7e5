namespace HrNetBatch.Model.Imaging;

/// <summary>What training does to an image before the network sees it; the defaults are the original's.</summary>
/// <param name="MinimumCropScale">Smallest share of the image's area that RandomResizedCrop keeps.</param>
/// <param name="Flips">Whether half of the images are mirrored.</param>
public sealed record Augmentation(double MinimumCropScale = 0.08, bool Flips = true)
{
    /// <summary>The original's.</summary>
    public static Augmentation Default { get; } = new();
}
