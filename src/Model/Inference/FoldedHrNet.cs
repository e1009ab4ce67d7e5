using System.Runtime.InteropServices;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>
/// A HRNet for inference: each batch norm folded into its convolution, sums and ReLUs done by the convolutions where oneDNN can, everything
/// channels-last, and every tensor freed as soon as it has been used, so that the next one finds its memory in the cache. Safe to run
/// from several threads at once.
/// </summary>
internal sealed class FoldedHrNet : IHrNetEngine<Tensor>, IInferenceNetwork
{
    private readonly HrNetWalk<Tensor> _walk;
    private readonly Dictionary<string, FoldedConvolution> _convolutions = [];
    private readonly Tensor _classifierWeight, _classifierBias;
    private readonly IReadOnlyDictionary<string, Tensor>? _unfolded;
    private readonly bool _packs;

    /// <summary>Folds the weights, and lays them out for one shape of input.</summary>
    /// <param name="stateDict">Parameters by the original's names; stays as it is and is not needed later.</param>
    /// <param name="architecture">The network that they are of.</param>
    /// <param name="inputShape">[B, 3, H, W] of a full batch; H and W multiples of 32. Others work too, more slowly.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="fused">Whether convolutions may add and rectify, where this machine's libtorch can.</param>
    internal FoldedHrNet(IReadOnlyDictionary<string, Tensor> stateDict, HrNetArchitecture architecture, long[] inputShape, Device device, bool fused = true)
    {
        HrNet.RefuseOddSizes(inputShape);
        (_walk, Device) = (new HrNetWalk<Tensor>(architecture, this), device);
        _classifierWeight = stateDict["classifier.weight"].to(float32).to(device).clone().DetachFromDisposeScope();
        _classifierBias = stateDict["classifier.bias"].to(float32).to(device).clone().DetachFromDisposeScope();

        // The first pass folds and packs each convolution as it comes by, with the shape that it will have.
        _packs = fused && device.type == DeviceType.CPU && OneDnn.IsUsable;
        _unfolded = stateDict;
        using (Tensor zeros = torch.zeros(inputShape, device: device))
            Forward(zeros).Dispose();
        _unfolded = null;
    }

    /// <summary>Where it runs.</summary>
    internal Device Device { get; }

    /// <summary>Logits of a batch of images, or those of the mean of the probabilities that the network gives to each and to its mirror image.</summary>
    /// <inheritdoc cref="Forward(Tensor)"/>
    internal Tensor Forward(Tensor input, bool averagesFlip)
    {
        if (!averagesFlip)
            return Forward(input);
        using IDisposable noGradients = no_grad();
        using DisposeScope scope = NewDisposeScope();
        // Logarithms of the mean probabilities: their softmax is those probabilities again, so all that follows needs no second way.
        Tensor[] logProbabilities = [Forward(input).log_softmax(1), Forward(input.flip(3)).log_softmax(1)];
        return stack(logProbabilities).logsumexp(0, false).Plus(-Math.Log(2)).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of a batch of images.</summary>
    /// <param name="input">[B, 3, H, W] float32, RGB, normalised, on the network's device; H and W multiples of 32; any strides.</param>
    /// <returns>[B, classes] float32, which the caller disposes.</returns>
    internal Tensor Forward(Tensor input)
    {
        HrNet.RefuseOddSizes(input.shape);
        using IDisposable noGradients = no_grad();
        return _walk.Forward(ChannelsLast.Of(input));
    }

    string IInferenceNetwork.Device => Device.ToString();

    /// <inheritdoc/>
    public float[] Logits(ReadOnlySpan<float> images, int count, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor input = empty(count, 3, height, width);
        MemoryMarshal.AsBytes(images).CopyTo(input.bytes);
        Tensor logits = Forward(input.to(Device)).cpu(); // [B, classes]
        return MemoryMarshal.Cast<byte, float>(logits.bytes).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FoldedConvolution convolution in _convolutions.Values)
            convolution.Dispose();
        _classifierWeight.Dispose();
        _classifierBias.Dispose();
    }

    Tensor IHrNetEngine<Tensor>.Convolve(ConvolutionLayer layer, Tensor x, Tensor? plus)
    {
        if (!_convolutions.TryGetValue(layer.Name, out FoldedConvolution? convolution))
        {
            convolution = _convolutions[layer.Name] = FoldedConvolution.Fold(
                _unfolded ?? throw new InvalidOperationException($"{layer.Name} was not folded at the start."), layer, Device);
            if (_packs)
                convolution.PackFor(x.shape);
        }
        return convolution.Apply(x, layer.HasRelu, plus);
    }

    Tensor IHrNetEngine<Tensor>.Add(string name, Tensor x, Tensor y)
    {
        x.Add(y);
        return x;
    }

    // Without the upsampled tensor: each pixel of the small one is added to a factor × factor square of the large one.
    Tensor IHrNetEngine<Tensor>.AddUpsampled(string name, Tensor sum, Tensor low, int factor, bool relu, bool mayOverwrite)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] shape = low.shape;
        Tensor squares = sum.view(shape[0], shape[1], shape[2], factor, shape[3], factor), each = low.unsqueeze(3).unsqueeze(5);
        Tensor result = sum;
        if (mayOverwrite)
            squares.Add(each);
        else
            result = squares.Plus(each).view(sum.shape).MoveToOuterDisposeScope();
        if (relu)
            result.relu_();
        return result;
    }

    Tensor IHrNetEngine<Tensor>.Classify(Tensor features)
    {
        using Tensor mean = features.mean([2, 3]); // [B, 2048]
        return nn.functional.linear(mean, _classifierWeight, _classifierBias);
    }

    void IHrNetEngine<Tensor>.Release(Tensor value) => value.Dispose();
}
