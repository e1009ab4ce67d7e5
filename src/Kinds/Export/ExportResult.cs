using HrNetBatch.Model.Export;

namespace HrNetBatch.Kinds.Export;

/// <summary>What a finished export job leaves; followers take its fields by name.</summary>
/// <param name="File">The blob that was written.</param>
/// <param name="Format">The kind of file.</param>
/// <param name="Variant">Our name of the network, or <c>custom</c>.</param>
/// <param name="ClassCount">How many classes it tells apart.</param>
/// <param name="ImageSize">Side of the images that it is for.</param>
/// <param name="Bytes">The file's length.</param>
/// <param name="Sha256">The file's hash.</param>
/// <param name="MaxDifference">For ONNX, the largest |Δ| of a logit between ONNX Runtime and the network; null for other files, which were read back equal.</param>
/// <param name="MaxDifferenceShare">The same as a share of the range of the network's logits, which is what it has to be compared with.</param>
/// <param name="Checkpoint">The checkpoint that was exported, for a model its exact version, so that a chain of jobs goes on with the same.</param>
/// <param name="CheckpointSha256">The hash of its file.</param>
/// <param name="Remarks">What was odd, filled or left out, each in half a sentence for people.</param>
public sealed record ExportResult(
    string File, ExportFormat Format, string Variant, int ClassCount, int ImageSize, long Bytes, string Sha256,
    double? MaxDifference, double? MaxDifferenceShare,
    string Checkpoint, string CheckpointSha256, IReadOnlyList<string> Remarks);
