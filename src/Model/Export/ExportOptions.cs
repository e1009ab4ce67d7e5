using HrNetBatch.Model.Labels;

namespace HrNetBatch.Model.Export;

/// <summary>How a checkpoint is written.</summary>
public sealed record ExportOptions
{
    /// <summary>The kind of file.</summary>
    public required ExportFormat Format { get; init; }

    /// <summary>Whether ONNX gets each batch norm as part of the convolution before it, which is smaller and faster.</summary>
    public bool FoldBatchNorm { get; init; } = true;

    /// <summary>Height and width of the images that the file is for, a multiple of 32; null: the checkpoint's, else 224.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Names of the classes by index, in place of those that the checkpoint is known by (<see cref="ClassLabels.Of"/>); null: those.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Threads for the check in ONNX Runtime.</summary>
    public int ThreadCount { get; init; } = 1;
}

/// <summary>What was written.</summary>
/// <param name="Format">The kind of file.</param>
/// <param name="Variant">Our name of the network, or <c>custom</c>.</param>
/// <param name="ClassCount">How many classes it tells apart.</param>
/// <param name="ImageSize">Height and width of the images that it is for.</param>
/// <param name="Bytes">The file's length.</param>
/// <param name="Sha256">The file's hash, in lower-case hexadecimal.</param>
/// <param name="MaxDifference">For ONNX, the largest |Δ| between a logit of ONNX Runtime and of the network; for the others null, their tensors were read back equal.</param>
/// <param name="MaxDifferenceShare">The same as a share of the range of the network's logits, which is what it has to be compared with.</param>
/// <param name="SourceSha256">The hash of the checkpoint's file.</param>
/// <param name="Remarks">What was odd, filled or left out, each in half a sentence for people.</param>
public sealed record ExportReport(
    ExportFormat Format, string Variant, int ClassCount, int ImageSize, long Bytes, string Sha256, double? MaxDifference, double? MaxDifferenceShare,
    string SourceSha256, IReadOnlyList<string> Remarks);
