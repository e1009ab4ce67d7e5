namespace HrNetBatch.Model.Training;

/// <summary>In which numbers the network computes while it trains. Weights, gradients, batch norm statistics and the optimizer are float32 either way.</summary>
public enum TrainingPrecision
{
    /// <summary>Everything in float32.</summary>
    Fp32,

    /// <summary>Convolutions and the classifier in bfloat16 (PyTorch's autocast), faster where the processor or GPU has instructions for it.</summary>
    Bf16,
}
