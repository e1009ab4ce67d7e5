using System.Globalization;
using System.Text.Json;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Onnx;

/// <summary>What an ONNX file says about itself in its <c>metadata_props</c>: all that is needed to prepare images and to name classes.</summary>
/// <param name="Variant">Our name of the network, or <c>custom</c>.</param>
/// <param name="ImageSize">Height and width of the images that it takes, a multiple of 32.</param>
/// <param name="Labels">The classes' names in the order of the logits; null where nobody knows them.</param>
/// <param name="SourceSha256">SHA-256 of the checkpoint that the weights come from, in lower-case hexadecimal; null where unknown.</param>
public sealed record OnnxDescription(string Variant, int ImageSize, IReadOnlyList<string>? Labels, string? SourceSha256)
{
    /// <summary>Share of the resized short side that the centre crop keeps.</summary>
    public double CropFraction { get; init; } = Preprocessing.DefaultCropRatio;

    /// <summary>The entries by key; numbers and lists as JSON.</summary>
    public IReadOnlyDictionary<string, string> ToMetadata()
    {
        var entries = new Dictionary<string, string>
        {
            ["variant"] = Variant,
            ["image_size"] = ImageSize.ToString(CultureInfo.InvariantCulture),
            ["channels"] = "RGB",
            ["scale"] = "1/255",
            ["mean"] = JsonSerializer.Serialize(Normalization.Mean),
            ["std"] = JsonSerializer.Serialize(Normalization.Deviation),
            ["crop_fraction"] = CropFraction.ToString(CultureInfo.InvariantCulture),
            ["interpolation"] = "bilinear",
        };
        if (Labels is not null)
            entries["labels"] = JsonSerializer.Serialize(Labels);
        if (SourceSha256 is not null)
            entries["source_sha256"] = SourceSha256;
        return entries;
    }

    /// <summary>The same for people who look at the file.</summary>
    internal string ToText(int classCount) => string.Create(CultureInfo.InvariantCulture,
        $"""
        HRNet {Variant} for {classCount} classes.
        images: [batch, 3, {ImageSize}, {ImageSize}] float32, RGB. Resize the short side to {(int)(ImageSize / CropFraction)} (bilinear, antialiased), crop the centre, divide by 255, subtract the mean {JsonSerializer.Serialize(Normalization.Mean)} and divide by the deviation {JsonSerializer.Serialize(Normalization.Deviation)}.
        logits: [batch, {classCount}] float32; their softmax is the probabilities.
        """);
}
