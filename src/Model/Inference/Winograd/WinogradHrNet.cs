using System.Collections.Concurrent;
using System.Runtime.Intrinsics;
using HrNetBatch.Model.Architecture;
using TorchSharp;
using static TorchSharp.torch;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>
/// A HRNet for inference on processors, in C#: batch norms folded into the convolutions, 3×3 convolutions of stride 1 by Winograd's way, sums
/// and ReLUs done where results are written. Each call runs on the calling thread alone; several may run at once.
/// </summary>
internal sealed class WinogradHrNet : IInferenceNetwork
{
    private const string Classifier = "classifier";

    // As fast as eight in half the memory; fewer leave kernels without rows at the lowest resolution (measured: one at a time is up to a tenth slower).
    private const int ImagesAtOnce = 4;

    private readonly HrNetArchitecture _architecture;
    private readonly Dictionary<string, Convolution> _convolutions = [];
    private readonly ConcurrentBag<Workspace> _workspaces = [];
    private readonly IReadOnlyDictionary<string, Tensor>? _unfolded;

    /// <summary>Folds and packs the weights.</summary>
    /// <param name="stateDict">Parameters by the original's names; stays as it is and is not needed later.</param>
    /// <param name="architecture">The network that they are of.</param>
    internal WinogradHrNet(IReadOnlyDictionary<string, Tensor> stateDict, HrNetArchitecture architecture)
    {
        _architecture = architecture;
        using (DisposeScope scope = NewDisposeScope())
        {
            float[] weights = stateDict["classifier.weight"].to(float32).cpu().contiguous().data<float>().ToArray();
            float[] bias = stateDict["classifier.bias"].to(float32).cpu().contiguous().data<float>().ToArray();
            ClassCount = bias.Length;
            var layer = new ConvolutionLayer(Classifier, HrNet.FeatureCount, ClassCount, Kernel: 1, Stride: 1, HasRelu: false, HasBias: true);
            _convolutions.Add(Classifier, new DirectConvolution(layer, weights, bias));
        }
        // The first pass packs each convolution as it comes by.
        _unfolded = stateDict;
        int size = HrNet.SizeMultiple;
        Logits(new float[3 * size * size], 1, size, size);
        _unfolded = null;
    }

    /// <summary>How many classes it tells apart.</summary>
    internal int ClassCount { get; }

    /// <inheritdoc/>
    public string Device => "cpu";

    /// <inheritdoc/>
    public float[] Logits(ReadOnlySpan<float> images, int count, int height, int width)
    {
        if (!_workspaces.TryTake(out Workspace? workspace))
            workspace = new Workspace();
        try
        {
            var logits = new float[count * ClassCount];
            for (int first = 0; first < count; first += ImagesAtOnce)
            {
                FeatureMap input = workspace.Rent(new FeatureMapShape(height, width, 3, IsImage: true), Math.Min(ImagesAtOnce, count - first));
                Interleave(images[(first * 3 * height * width)..], input);
                FeatureMap result = new HrNetWalk<FeatureMap>(_architecture, new Pass(this, workspace)).Forward(input);
                Copy(result, logits.AsSpan(first * ClassCount));
                workspace.Return(result);
            }
            return logits;
        }
        finally
        {
            _workspaces.Add(workspace);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Convolution convolution in _convolutions.Values)
            convolution.Dispose();
        foreach (Workspace workspace in _workspaces)
            workspace.Dispose();
    }

    private Convolution this[ConvolutionLayer layer]
    {
        get
        {
            if (!_convolutions.TryGetValue(layer.Name, out Convolution? convolution))
            {
                _convolutions[layer.Name] = convolution = Convolution.Of(
                    _unfolded ?? throw new InvalidOperationException($"{layer.Name} was not folded at the start."), layer);
            }
            return convolution;
        }
    }

    private static unsafe void Interleave(ReadOnlySpan<float> images, FeatureMap input)
    {
        int plane = input.Height * input.Width;
        for (int image = 0; image < input.Count; image++)
        {
            ReadOnlySpan<float> red = images.Slice(3 * image * plane, plane), green = images.Slice((3 * image + 1) * plane, plane), blue = images.Slice((3 * image + 2) * plane, plane);
            for (int y = 0, i = 0; y < input.Height; y++)
            {
                float* pixel = input.Pixel(image, y, 0);
                for (int x = 0; x < input.Width; x++, i++, pixel += 3)
                    (pixel[0], pixel[1], pixel[2]) = (red[i], green[i], blue[i]);
            }
        }
    }

    private static unsafe void Copy(FeatureMap logits, Span<float> values)
    {
        for (int image = 0; image < logits.Count; image++)
            new ReadOnlySpan<float>(logits.Pixel(image, 0, 0), logits.Channels).CopyTo(values[(image * logits.Channels)..]);
    }

    /// <summary>One pass of one thread through the network.</summary>
    private sealed unsafe class Pass(WinogradHrNet network, Workspace workspace) : IHrNetEngine<FeatureMap>
    {
        public FeatureMap Convolve(ConvolutionLayer layer, FeatureMap x, FeatureMap? plus)
        {
            FeatureMap result = workspace.Rent(new FeatureMapShape(x.Height / layer.Stride, x.Width / layer.Stride, layer.OutChannels), x.Count);
            network[layer].Apply(workspace, x, plus, result);
            return result;
        }

        public FeatureMap Add(string name, FeatureMap x, FeatureMap y)
        {
            int length = x.Width * x.PixelStride;
            for (int image = 0; image < x.Count; image++)
            {
                for (int row = 0; row < x.Height; row++)
                {
                    float* to = x.Pixel(image, row, 0), from = y.Pixel(image, row, 0);
                    for (int i = 0; i < length; i += V.Count)
                        (Vector256.Load(to + i) + Vector256.Load(from + i)).Store(to + i);
                }
            }
            return x;
        }

        public FeatureMap AddUpsampled(string name, FeatureMap sum, FeatureMap low, int factor, bool relu, bool mayOverwrite)
        {
            FeatureMap result = mayOverwrite ? sum : workspace.Rent(sum.Shape, sum.Count);
            int channels = sum.PixelStride;
            for (int image = 0; image < sum.Count; image++)
            {
                for (int y = 0; y < sum.Height; y++)
                {
                    float* from = sum.Pixel(image, y, 0), to = result.Pixel(image, y, 0), plus = low.Pixel(image, y / factor, 0);
                    for (int x = 0; x < sum.Width; x++, from += channels, to += channels)
                    {
                        float* pixel = plus + x / factor * channels;
                        for (int i = 0; i < channels; i += V.Count)
                            Kernels.Finish(Vector256.Load(from + i), pixel + i, relu).Store(to + i);
                    }
                }
            }
            return result;
        }

        public FeatureMap Classify(FeatureMap features)
        {
            FeatureMap mean = workspace.Rent(new FeatureMapShape(1, 1, features.Channels, IsBordered: false), features.Count);
            V share = Vector256.Create(1f / (features.Height * features.Width));
            for (int image = 0; image < features.Count; image++)
            {
                float* to = mean.Pixel(image, 0, 0);
                for (int channel = 0; channel < features.PixelStride; channel += V.Count)
                {
                    V sum = V.Zero;
                    for (int y = 0; y < features.Height; y++)
                    {
                        float* from = features.Pixel(image, y, 0) + channel;
                        for (int x = 0; x < features.Width; x++, from += features.PixelStride)
                            sum += Vector256.Load(from);
                    }
                    (sum * share).Store(to + channel);
                }
            }
            FeatureMap logits = workspace.Rent(new FeatureMapShape(1, 1, network.ClassCount, IsBordered: false), features.Count);
            network._convolutions[Classifier].Apply(workspace, mean, null, logits);
            workspace.Return(mean);
            return logits;
        }

        public void Release(FeatureMap value) => workspace.Return(value);
    }
}
