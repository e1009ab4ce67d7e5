using HrNetBatch.Model.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>A convolution with its batch norm folded in.</summary>
internal abstract class Convolution(ConvolutionLayer layer) : IDisposable
{
    /// <summary>What it does.</summary>
    internal ConvolutionLayer Layer { get; } = layer;

    /// <summary>Folds and packs the weights of a layer, for the way that needs the least arithmetic.</summary>
    internal static Convolution Of(IReadOnlyDictionary<string, Tensor> stateDict, ConvolutionLayer layer)
    {
        (Tensor weight, Tensor bias) = BatchNormFolding.Fold(stateDict, layer);
        using (weight)
        using (bias)
        {
            using DisposeScope scope = NewDisposeScope();
            float[] weights = weight.contiguous().data<float>().ToArray(), biases = bias.contiguous().data<float>().ToArray();
            return layer is { Kernel: 3, Stride: 1 } ? new WinogradConvolution(layer, weights, biases) : new DirectConvolution(layer, weights, biases);
        }
    }

    /// <summary>relu?(convolution + plus?).</summary>
    /// <param name="workspace">Of the calling thread.</param>
    /// <param name="x">What comes in.</param>
    /// <param name="plus">What is added; null: nothing.</param>
    /// <param name="result">What goes out: of the right shape.</param>
    internal abstract void Apply(Workspace workspace, FeatureMap x, FeatureMap? plus, FeatureMap result);

    /// <summary>Frees the weights.</summary>
    public abstract void Dispose();
}
