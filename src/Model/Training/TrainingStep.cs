namespace HrNetBatch.Model.Training;

/// <summary>What one optimizer step measured, before its update, as the original prints it.</summary>
/// <param name="Position">Where the run stands after the step.</param>
/// <param name="LearningRate">The rate that the update used.</param>
/// <param name="Loss">The mean over the batch of what is made smaller: cross entropy (with smoothing and mixing, as far as asked for), or the distance to the teacher.</param>
/// <param name="Top1">Share of the batch whose label had the highest logit, 0 to 1; of mixed images the label of the greater part counts, when distilling the teacher's answer.</param>
/// <param name="Top5">Share of the batch for which it was among the five highest logits, 0 to 1.</param>
/// <param name="SampleCount">Images in the batch.</param>
/// <param name="DataTime">How long the step waited for its batch.</param>
/// <param name="StepTime">The whole of the step, the wait included.</param>
public readonly record struct TrainingStep(
    TrainingPosition Position,
    double LearningRate,
    double Loss,
    double Top1,
    double Top5,
    int SampleCount,
    TimeSpan DataTime,
    TimeSpan StepTime)
{
    /// <summary>The norm of all gradients together before they were clipped; null where they are not.</summary>
    public double? GradientNorm { get; init; }
}
