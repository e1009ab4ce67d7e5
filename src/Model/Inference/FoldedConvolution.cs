using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>A convolution that has taken over the batch norm behind it: the norm of inference is a scale and a shift of each channel.</summary>
internal sealed class FoldedConvolution : IDisposable
{
    private readonly Tensor _weight, _bias;
    private readonly long _padding, _stride;
    private Tensor? _packed;

    private FoldedConvolution(Tensor weight, Tensor bias, ConvolutionLayer layer) =>
        (_weight, _bias, _padding, _stride) = (weight, bias, layer.Padding, layer.Stride);

    /// <summary>Folds a convolution and its batch norm.</summary>
    /// <param name="stateDict">Parameters by the original's names; stays as it is.</param>
    /// <param name="layer">The two of them.</param>
    /// <param name="device">Where it will run.</param>
    internal static FoldedConvolution Fold(IReadOnlyDictionary<string, Tensor> stateDict, ConvolutionLayer layer, Device device)
    {
        (Tensor weight, Tensor bias) = BatchNormFolding.Fold(stateDict, layer);
        using (weight)
        using (bias)
        {
            using DisposeScope scope = NewDisposeScope();
            return new FoldedConvolution(
                ChannelsLast.Of(weight).to(device).DetachFromDisposeScope(), bias.to(device).DetachFromDisposeScope(), layer);
        }
    }

    /// <summary>Lays the weight out for inputs of this shape; others still work, more slowly.</summary>
    internal void PackFor(long[] inputShape)
    {
        // oneDNN "could not create a memory" of one pixel, where strides do not tell channels-last from contiguous.
        if (inputShape[2] <= _stride && inputShape[3] <= _stride)
            return;
        _packed ??= OneDnn.Pack(_weight, inputShape, _padding, _stride);
    }

    /// <summary>relu?(convolution + plus?).</summary>
    /// <param name="x">[B, in, H, W] float32, channels-last.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    /// <param name="plus">[B, out, H/stride, W/stride]; stays as it is.</param>
    /// <returns>[B, out, H/stride, W/stride], a new tensor that the caller disposes.</returns>
    internal Tensor Apply(Tensor x, bool relu, Tensor? plus)
    {
        if (_packed is not null)
            return OneDnn.Convolve(x, _packed, _bias, _padding, _stride, relu, plus);
        Tensor y = nn.functional.conv2d(x, _weight, _bias, [_stride, _stride], [_padding, _padding]);
        if (plus is not null)
            y.Add(plus);
        if (relu)
            y.relu_();
        return y;
    }

    public void Dispose()
    {
        _weight.Dispose();
        _bias.Dispose();
        _packed?.Dispose();
    }
}
