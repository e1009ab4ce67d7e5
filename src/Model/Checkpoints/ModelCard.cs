using System.Globalization;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>What weights are for, carried with them under the key "hrnetbatch" as plain values that Python reads too.</summary>
/// <param name="Variant">Our name of the network, such as <c>w18_small_v1</c>.</param>
/// <param name="ImageSize">Height and width of the images it was trained on.</param>
/// <param name="Labels">Class names in the order of the classifier's outputs.</param>
public sealed record ModelCard(string Variant, int ImageSize, IReadOnlyList<string> Labels)
{
    /// <summary>The key in a checkpoint's dictionary that holds the card and whatever else is ours.</summary>
    public const string Key = "hrnetbatch";

    /// <summary>Share of the resized short side that the centre crop keeps, as the weights were validated: what classifies with them does the same.</summary>
    public double CropFraction { get; init; } = Preprocessing.DefaultCropRatio;

    internal CheckpointDictionary ToValue()
    {
        var card = new CheckpointDictionary
        {
            { "variant", Variant },
            { "image_size", (long)ImageSize },
            { "labels", new CheckpointList([.. Labels.Select(label => (CheckpointValue)label)]) },
        };
        // Only where it says something: torch 1.13 refuses floats in what it loads with weights_only.
        if (CropFraction != Preprocessing.DefaultCropRatio)
            card.Add("crop_fraction", CropFraction);
        return card;
    }

    internal static ModelCard? FromValue(CheckpointDictionary? value)
    {
        if (value?["variant"] is null)
            return null;
        if (value["variant"]!.AsText() is not { } variant || value["image_size"]?.AsInteger() is not (> 0 and <= 65536 and var imageSize)
            || (value["crop_fraction"] is null ? Preprocessing.DefaultCropRatio : value["crop_fraction"]!.AsNumber()) is not (> 0 and <= 1 and var cropFraction)
            || value["labels"] is not CheckpointList labels || labels.Items.Any(label => label.AsText() is null))
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"its '{Key}' entry must hold 'variant' (text), 'image_size' (an integer), 'labels' (a list of texts) and may hold 'crop_fraction' (above 0, at most 1)"));
        return new ModelCard(variant, (int)imageSize, [.. labels.Items.Select(label => label.AsText()!)]) { CropFraction = cropFraction };
    }
}
