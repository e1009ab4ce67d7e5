using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Kinds.Models;

/// <summary>A checkpoint in memory, with what is known of it besides its tensors. Dispose it: it owns the checkpoint.</summary>
public sealed record LoadedCheckpoint : IDisposable
{
    /// <summary>Side of the square input where neither the store nor the checkpoint says: ImageNet's.</summary>
    public const int DefaultImageSize = 224;

    /// <summary>The checkpoint itself.</summary>
    public required Checkpoint Checkpoint { get; init; }

    /// <summary>Where it is from, and its hash.</summary>
    public required PinnedCheckpoint Source { get; init; }

    /// <summary>Names of the classes by index: the model store's, else the checkpoint's, else ImageNet's for a foreign one of 1,000 classes; null where nobody knows.</summary>
    public required IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Side of the square input that the weights are for, pixels.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Share of the resized short side that the centre crop keeps: the model store's, else the checkpoint's, else the original's.</summary>
    public required double CropFraction { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Checkpoint.Dispose();
}
