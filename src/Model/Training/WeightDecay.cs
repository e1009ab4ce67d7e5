using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>How much each parameter is drawn towards zero.</summary>
/// <param name="Rate">On those that are.</param>
/// <param name="OnNormsAndBiases">Whether batch norms and biases, which have one dimension, are.</param>
public readonly record struct WeightDecay(double Rate, bool OnNormsAndBiases = true)
{
    /// <summary>Whether a parameter is drawn at all.</summary>
    internal bool IsOn(Tensor parameter) => OnNormsAndBiases || parameter.dim() > 1;

    /// <summary>The rate of a parameter.</summary>
    internal double Of(Tensor parameter) => IsOn(parameter) ? Rate : 0;
}
