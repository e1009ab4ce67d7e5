using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Kinds.Models;

/// <summary>
/// One version of a model, as its JSON file in the store says. It is written once, after the weights that it names, and never changed:
/// a version is there whole or not at all. Removing one leaves the file, marked, so that its number never means other weights.
/// </summary>
public sealed record ModelVersion
{
    /// <summary>The model.</summary>
    public required string Name { get; init; }

    /// <summary>1, 2, 3 …</summary>
    public required int Version { get; init; }

    /// <summary>The blob of the weights, inside the model's folder.</summary>
    public required string Weights { get; init; }

    /// <summary>The SHA-256 of the weights' bytes, in lower-case hexadecimal; checked whenever a job loads them.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Size of the weights.</summary>
    public required long Bytes { get; init; }

    /// <summary>Our name of the network, or <c>custom</c>.</summary>
    public required string Variant { get; init; }

    /// <summary>What a custom network is made of; null for the published ones.</summary>
    public HrNetArchitecture? Architecture { get; init; }

    /// <summary>How many classes it tells apart.</summary>
    public required int ClassCount { get; init; }

    /// <summary>Their names in the order of their indices; null where nobody named them.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Side of the square input that the weights are for, pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>How images become the network's input.</summary>
    public ModelPreprocessing Preprocessing { get; init; } = new();

    /// <summary>The file or blob that it was added from.</summary>
    public required string Source { get; init; }

    /// <summary>The train job that made it; null where a person added it.</summary>
    public Guid? Job { get; init; }

    /// <summary>What is known of its quality, by name, such as <c>top1</c> from 0 to 1.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>When it was added.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>What whoever added it says of it.</summary>
    public string? Remark { get; init; }

    /// <summary>When it was removed; null while it is there.</summary>
    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>The reference that means this version for ever.</summary>
    public ModelReference ToReference() => new(Name, Version);
}

/// <summary>How images become the network's input. Jobs take the crop from here; the rest is what every job does, written down for other programs.</summary>
public sealed record ModelPreprocessing
{
    /// <summary>Share of the resized short side that the centre crop keeps.</summary>
    public double CropFraction { get; init; } = Model.Imaging.Preprocessing.DefaultCropRatio;

    /// <summary>How the image is resized.</summary>
    public string Interpolation { get; init; } = "bilinear, antialiased";

    /// <summary>Subtracted from red, green and blue of 0 to 1.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>What is left is divided by this.</summary>
    public IReadOnlyList<double> Deviation { get; init; } = [0.229, 0.224, 0.225];
}

/// <summary>Where a tag points.</summary>
/// <param name="Name">The tag.</param>
/// <param name="Version">The version that it means now.</param>
/// <param name="MovedAt">Since when.</param>
public sealed record ModelTag(string Name, int Version, DateTimeOffset MovedAt);
