using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>Makes a batch norm part of the convolution before it: for inference the norm is a scale and a shift of each channel.</summary>
internal static class BatchNormFolding
{
    /// <summary>What every batch norm in HRNet adds to the variance.</summary>
    internal const double Epsilon = 1e-5;

    /// <summary>The weights of a convolution that does the work of its batch norm too.</summary>
    /// <param name="stateDict">Parameters by the original's names; stays as it is.</param>
    /// <param name="layer">The convolution and its batch norm.</param>
    /// <returns>[out, in, k, k] and [out] float32 on the CPU, which the caller disposes.</returns>
    /// <exception cref="ArgumentException">A parameter is missing, or the result is not finite.</exception>
    internal static (Tensor Weight, Tensor Bias) Fold(IReadOnlyDictionary<string, Tensor> stateDict, ConvolutionLayer layer)
    {
        using DisposeScope scope = NewDisposeScope();
        string name = layer.Name, norm = layer.NormName;
        Tensor scale = Exactly(norm + ".weight") / Exactly(norm + ".running_var").Plus(Epsilon).sqrt();
        Tensor mean = Exactly(norm + ".running_mean");
        if (stateDict.ContainsKey(name + ".bias"))
            mean -= Exactly(name + ".bias");

        Tensor bias = (Exactly(norm + ".bias") - mean * scale).to(float32);
        Tensor weight = Of(name + ".weight").to(float32) * scale.to(float32).view(-1, 1, 1, 1);
        if (!bias.isfinite().all().item<bool>() || !weight.isfinite().all().item<bool>())
            throw new ArgumentException($"The weights of {name} and {norm} hold infinities or no numbers: the training that made them diverged, or the file is damaged.", nameof(stateDict));
        return (weight.DetachFromDisposeScope(), bias.DetachFromDisposeScope());

        Tensor Exactly(string parameter) => Of(parameter).to(float64); // the vectors cost little, and their rounding would be in every pixel

        Tensor Of(string parameter) => stateDict.TryGetValue(parameter, out Tensor? tensor) ? tensor.detach().cpu()
            : throw new ArgumentException($"The weights lack the parameter {parameter}.", nameof(stateDict));
    }
}
