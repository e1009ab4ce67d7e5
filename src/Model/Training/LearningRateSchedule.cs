namespace HrNetBatch.Model.Training;

/// <summary>How the learning rate falls over the epochs; <see cref="LearningRate"/> computes it.</summary>
public enum LearningRateSchedule
{
    /// <summary>Multiplied by <see cref="TrainingOptions.LearningRateFactor"/> at every milestone: the original's recipe.</summary>
    Steps,

    /// <summary>Half a cosine from the base rate to zero, one value an epoch: what short runs want.</summary>
    Cosine,

    /// <summary>The same half cosine with a value of its own for every step; needs <see cref="TrainingOptions.StepsPerEpoch"/>.</summary>
    CosinePerStep,
}
