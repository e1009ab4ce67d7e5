namespace HrNetBatch.Model.Training;

/// <summary>What one optimizer step measured, before its update, as the original prints it.</summary>
/// <param name="Position">Where the run stands after the step.</param>
/// <param name="LearningRate">The rate that the update used.</param>
/// <param name="Loss">Mean cross entropy of the batch.</param>
/// <param name="Top1">Share of the batch whose label had the highest logit, 0 to 1.</param>
/// <param name="Top5">Share of the batch whose label was among the five highest logits, 0 to 1.</param>
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
    TimeSpan StepTime);
