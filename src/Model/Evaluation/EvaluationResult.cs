namespace HrNetBatch.Model.Evaluation;

/// <summary>How a network does on a labelled set.</summary>
/// <param name="Loss">Mean cross entropy over all images.</param>
/// <param name="Top1">Share of images whose label had the highest logit, 0 to 1.</param>
/// <param name="Top5">Share of images whose label was among the five highest logits, 0 to 1.</param>
/// <param name="Count">Images evaluated.</param>
public sealed record EvaluationResult(double Loss, double Top1, double Top5, long Count);
