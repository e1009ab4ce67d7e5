namespace HrNetBatch.Model.Evaluation;

/// <summary>How a network does on a labelled set.</summary>
/// <param name="Loss">Mean cross entropy over all images.</param>
/// <param name="Top1">Share of images whose label had the highest logit, 0 to 1.</param>
/// <param name="Top5">Share of images whose label was among the five highest logits, 0 to 1.</param>
/// <param name="Count">Images evaluated.</param>
public sealed record EvaluationResult(double Loss, double Top1, double Top5, long Count)
{
    /// <summary>Share of images whose label had not the highest logit.</summary>
    public double Error1 => 1 - Top1;

    /// <summary>Share of images whose label was not among the five highest logits.</summary>
    public double Error5 => 1 - Top5;
}
