namespace HrNetBatch.Model.Training;

/// <summary>How the learning rate falls over the epochs; <see cref="LearningRate"/> computes it.</summary>
public enum LearningRateSchedule
{
    /// <summary>Multiplied by <see cref="TrainingRecipe.LearningRateFactor"/> at every milestone: the original's recipe.</summary>
    Steps,

    /// <summary>Half a cosine from the base rate to zero, one value an epoch, as the schedulers of timm and torchvision step: over five epochs it ends at a tenth of the rate.</summary>
    Cosine,

    /// <summary>The same half cosine with a value of its own for every step, which ends near zero however short the run: what short runs want. Needs <see cref="TrainingOptions.StepsPerEpoch"/>.</summary>
    CosinePerStep,
}
