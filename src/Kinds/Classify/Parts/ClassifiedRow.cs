using HrNetBatch.Model.Inference;

namespace HrNetBatch.Kinds.Classify.Parts;

/// <summary>One blob's row in the output: its predictions, best first, or the reason why it has none.</summary>
/// <param name="Name">The blob's name in its container.</param>
/// <param name="ETag">The version that was read (for a failed item, the one that was asked for; empty where it was never known).</param>
/// <param name="Predictions">The best classes, best first; empty for a failed item.</param>
/// <param name="Error">Why the blob has no predictions; null where it has.</param>
public sealed record ClassifiedRow(string Name, string ETag, IReadOnlyList<Prediction> Predictions, string? Error = null);
