// The network of Architecture/HrNet.cs once more, for inference only: each batch norm folded into its convolution,
// sums and ReLUs done by the convolutions where oneDNN can, everything channels-last, and every tensor freed as soon
// as it has been used, so that the next one finds its memory in the cache. Names are the parameters'.
// Shapes at line ends: B images; i a branch, 0 the highest; C_i its width in the stage; h, w a quarter of the input's height and width.

using HrNetBatch.Model.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Inference;

/// <summary>A HRNet for inference. Safe to run from several threads at once.</summary>
internal sealed class FoldedHrNet : IDisposable
{
    private readonly HrNetArchitecture _architecture;
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
        (_architecture, Device) = (architecture, device);
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
        return stack(logProbabilities).logsumexp(0, false).sub(Math.Log(2)).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of a batch of images.</summary>
    /// <param name="input">[B, 3, H, W] float32, RGB, normalised, on the network's device; H and W multiples of 32; any strides.</param>
    /// <returns>[B, classes] float32, which the caller disposes.</returns>
    internal Tensor Forward(Tensor input)
    {
        HrNet.RefuseOddSizes(input.shape);
        using IDisposable noGradients = no_grad();

        Tensor x = ChannelsLast.Of(input);                              // [B, 3, H, W]
        x = Then(x, Convolve("conv1", x, stride: 2, relu: true));       // [B, 64, H/2, W/2]
        x = Then(x, Convolve("conv2", x, stride: 2, relu: true));       // [B, 64, h, w]
        for (int block = 0; block < _architecture.Stage1.BlockCount; block++)
            x = Then(x, Bottleneck($"layer1.{block}", x));              // [B, 4 × stage 1's width, h, w]

        Tensor[] branches = [x];
        for (int stage = 0; stage < 3; stage++)                         // one branch more: each [B, C_i, h/2^i, w/2^i]
            branches = Stage($"stage{stage + 2}", Transition($"transition{stage + 1}", branches), _architecture.BranchStages[stage]);

        Tensor y = Then(branches[0], Bottleneck("incre_modules.0.0", branches[0]));                    // [B, 128, h, w]
        for (int i = 0; i < 3; i++)
        {
            using Tensor widened = Then(branches[i + 1], Bottleneck($"incre_modules.{i + 1}.0", branches[i + 1]));
            y = Then(y, Convolve($"downsamp_modules.{i}.0", y, stride: 2, relu: true));                // [B, 256·2^i, h/2^(i+1), w/2^(i+1)]
            y.add_(widened);
        }
        y = Then(y, Convolve("final_layer.0", y, relu: true));          // [B, 2048, h/8, w/8]
        y = Then(y, y.mean([2, 3]));                                    // [B, 2048]
        return Then(y, nn.functional.linear(y, _classifierWeight, _classifierBias));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FoldedConvolution convolution in _convolutions.Values)
            convolution.Dispose();
        _classifierWeight.Dispose();
        _classifierBias.Dispose();
    }

    // One more branch starts from the lowest; the others stay as they are, unless their width changes.
    private Tensor[] Transition(string name, Tensor[] before)
    {
        int added = before.Length;
        Tensor[] after =
        [
            .. before.Select((branch, i) => Has($"{name}.{i}.0") ? Convolve($"{name}.{i}.0", branch, relu: true) : branch),
            Convolve($"{name}.{added}.0.0", before[^1], stride: 2, relu: true),
        ];
        for (int i = 0; i < added; i++)
        {
            if (!ReferenceEquals(before[i], after[i]))
                before[i].Dispose();
        }
        return after;
    }

    private Tensor[] Stage(string name, Tensor[] branches, HrNetStage stage)
    {
        for (int module = 0; module < stage.ModuleCount; module++)
        {
            for (int i = 0; i < branches.Length; i++)
            {
                for (int block = 0; block < stage.BlockCounts[i]; block++)
                    branches[i] = Then(branches[i], BasicBlock($"{name}.{module}.branches.{i}.{block}", branches[i]));
            }
            Tensor[] fused = [.. branches.Select((_, i) => Fuse($"{name}.{module}.fuse_layers.{i}", branches, i))];
            foreach (Tensor branch in branches)
                branch.Dispose();
            branches = fused;
        }
        return branches;
    }

    private Tensor BasicBlock(string name, Tensor x)
    {
        using Tensor y = Convolve($"{name}.conv1", x, relu: true);
        return Convolve($"{name}.conv2", y, relu: true, plus: x);
    }

    private Tensor Bottleneck(string name, Tensor x)
    {
        Tensor y = Convolve($"{name}.conv1", x, relu: true);
        y = Then(y, Convolve($"{name}.conv2", y, relu: true));
        if (!Has($"{name}.downsample.0"))
            return Then(y, Convolve($"{name}.conv3", y, relu: true, plus: x));
        using Tensor shortcut = Convolve($"{name}.downsample.0", x);
        return Then(y, Convolve($"{name}.conv3", y, relu: true, plus: shortcut));
    }

    // Branch i after it has seen the others: those above come down by strided convolutions, those below come up by repetition.
    private Tensor Fuse(string name, Tensor[] branches, int i)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sum = branches[i];
        for (int j = 0; j < i; j++)
        {
            Tensor x = branches[j];
            for (int step = 0; step < i - j - 1; step++)
                x = Convolve($"{name}.{j}.{step}.0", x, stride: 2, relu: true);
            sum = Convolve($"{name}.{j}.{i - j - 1}.0", x, stride: 2, plus: sum);
        }
        for (int j = i + 1; j < branches.Length; j++)
            sum = AddUpsampled(sum, Convolve($"{name}.{j}.0", branches[j]), factor: 1 << (j - i), inPlace: !ReferenceEquals(sum, branches[i]));
        return sum.relu_().MoveToOuterDisposeScope();
    }

    // Nearest upsampling without its result: each pixel of the small one is added to a factor × factor square of the large one.
    private static Tensor AddUpsampled(Tensor large, Tensor small, int factor, bool inPlace)
    {
        long[] shape = small.shape;
        Tensor squares = large.view(shape[0], shape[1], shape[2], factor, shape[3], factor), each = small.unsqueeze(3).unsqueeze(5);
        if (!inPlace)
            return squares.add(each).view(large.shape);
        squares.add_(each);
        return large;
    }

    private Tensor Convolve(string name, Tensor x, long stride = 1, bool relu = false, Tensor? plus = null)
    {
        if (!_convolutions.TryGetValue(name, out FoldedConvolution? convolution))
        {
            convolution = _convolutions[name] = FoldedConvolution.Fold(
                _unfolded ?? throw new InvalidOperationException($"{name} was not folded at the start."), name, stride, Device);
            if (_packs)
                convolution.PackFor(x.shape);
        }
        return convolution.Apply(x, relu, plus);
    }

    private bool Has(string name) => _convolutions.ContainsKey(name) || _unfolded?.ContainsKey($"{name}.weight") == true;

    private static Tensor Then(Tensor used, Tensor next)
    {
        used.Dispose();
        return next;
    }
}
