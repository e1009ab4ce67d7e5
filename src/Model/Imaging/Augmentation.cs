using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// What training does to an image before the network sees it; the defaults are the original's. In this order: crop, mirror,
/// colour jitter, RandAugment, normalise, erase.
/// </summary>
/// <param name="MinimumCropScale">Smallest share of the image's area that RandomResizedCrop keeps.</param>
/// <param name="Flips">Whether half of the images are mirrored.</param>
public sealed record Augmentation(double MinimumCropScale = 0.08, bool Flips = true)
{
    /// <summary>The original's.</summary>
    public static Augmentation Default { get; } = new();

    /// <summary>How far brightness may go: a factor from 1 − this to 1 + this (transforms.ColorJitter). 0: unchanged.</summary>
    [Range(0.0, 10.0)]
    public double BrightnessJitter { get; init; }

    /// <summary>How far contrast may go, as <see cref="BrightnessJitter"/>.</summary>
    [Range(0.0, 10.0)]
    public double ContrastJitter { get; init; }

    /// <summary>How far saturation may go, as <see cref="BrightnessJitter"/>.</summary>
    [Range(0.0, 10.0)]
    public double SaturationJitter { get; init; }

    /// <summary>How far hues may turn, in turns of the colour circle, to either side. 0: unchanged.</summary>
    [Range(0.0, 0.5)]
    public double HueJitter { get; init; }

    /// <summary>How many operations RandAugment (Cubuk et al. 2019) draws for an image, 2 in the paper; 0: off.</summary>
    [Range(0, 16)]
    public int RandAugmentOperations { get; init; }

    /// <summary>How strong they are, from 0 to 30.</summary>
    [Range(0, RandAugment.StrongestMagnitude)]
    public int RandAugmentMagnitude { get; init; } = 9;

    /// <summary>Share of the images of which a random rectangle is erased (Zhong et al. 2017), 2 to 33 % of its area. 0: off.</summary>
    [Range(0.0, 1.0)]
    public double ErasingProbability { get; init; }

    internal bool JittersColors => BrightnessJitter > 0 || ContrastJitter > 0 || SaturationJitter > 0 || HueJitter > 0;
}
