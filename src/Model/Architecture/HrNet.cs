// HRNet for image classification: Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition",
// arXiv:1908.07919, and its reference implementation, whose parameter names these modules carry.
// Shapes at line ends: B images; i a branch, 0 the highest; C_i its width in the stage; h, w a quarter of the input's height and width.

using System.Globalization;
using HrNetBatch.Model.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace HrNetBatch.Model.Architecture;

/// <summary>A network of the HRNet family: it keeps a branch of high resolution throughout, beside up to three lower ones.</summary>
public sealed class HrNet : Module<Tensor, Tensor>
{
    /// <summary>Height and width of the input are multiples of this: the lowest branch works at 1/32.</summary>
    public const int SizeMultiple = 32;

    /// <summary>Channels inside the head's bottlenecks, one for each branch.</summary>
    internal static readonly int[] HeadWidths = [32, 64, 128, 256];

    /// <summary>How many numbers the classifier gets of an image.</summary>
    internal const int FeatureCount = 2048;

    private readonly Conv2d _conv1, _conv2;
    private readonly BatchNorm2d _bn1, _bn2;
    private readonly Sequential _layer1, _finalLayer;
    private readonly Transition[] _transitions;
    private readonly HighResolutionModule[][] _stages;
    private readonly Sequential[] _increModules, _downsampModules;
    private readonly Linear _classifier;

    /// <summary>Makes a network of a published variant with fresh weights, drawn from <paramref name="seed"/>.</summary>
    public HrNet(HrNetVariant variant, int classCount, long seed = 0) : this(variant.Architecture, classCount, seed)
    {
    }

    /// <summary>Makes a network with fresh weights: the original's initialisation, drawn from <paramref name="seed"/>.</summary>
    /// <exception cref="ArgumentException">No network can be made of the architecture; the message says why.</exception>
    public HrNet(HrNetArchitecture architecture, int classCount, long seed = 0) : base(NameAfterLoadingTorch())
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        architecture.ThrowIfFaulty();
        (Architecture, ClassCount) = (architecture, classCount);

        _conv1 = this.Add("conv1", Convolution(3, 64, kernel: 3, stride: 2));
        _bn1 = this.Add("bn1", BatchNorm2d(64));
        _conv2 = this.Add("conv2", Convolution(64, 64, kernel: 3, stride: 2));
        _bn2 = this.Add("bn2", BatchNorm2d(64));
        _layer1 = this.Add("layer1", Bottlenecks(64, architecture.Stage1.Width, architecture.Stage1.BlockCount));

        // Transition and stage by turns: the order of the original, by which PyTorch numbers an optimizer's state.
        _transitions = new Transition[3];
        _stages = new HighResolutionModule[3][];
        IReadOnlyList<int> widths = [architecture.Stage1.Width * Bottleneck.Expansion];
        for (int i = 0; i < 3; i++)
        {
            HrNetStage stage = architecture.BranchStages[i];
            _transitions[i] = this.Add($"transition{i + 1}", new Transition(widths, stage.Widths));
            _stages[i] = this.AddList($"stage{i + 2}", stage.ModuleCount, _ => new HighResolutionModule(stage));
            widths = stage.Widths;
        }

        _increModules = this.AddList("incre_modules", 4, i => Bottlenecks(widths[i], HeadWidths[i], count: 1));
        _downsampModules = this.AddList("downsamp_modules", 3, i =>
            ConvBn(4 * HeadWidths[i], 4 * HeadWidths[i + 1], kernel: 3, stride: 2, bias: true, relu: true));
        _finalLayer = this.Add("final_layer", ConvBn(4 * HeadWidths[3], FeatureCount, kernel: 1, bias: true, relu: true));
        _classifier = this.Add("classifier", Linear(FeatureCount, classCount));

        Initialise(seed);
    }

    /// <summary>What this network is made of.</summary>
    public HrNetArchitecture Architecture { get; }

    /// <summary>How many classes it tells apart.</summary>
    public int ClassCount { get; }

    /// <summary>Logits of a batch of images.</summary>
    /// <param name="input">[B, 3, H, W] float32, RGB, normalised; H and W multiples of 32; any strides, fastest channels-last.</param>
    /// <returns>[B, classes] float32, which the caller disposes.</returns>
    public override Tensor forward(Tensor input)
    {
        RefuseOddSizes(input.shape);
        using DisposeScope scope = NewDisposeScope();

        Tensor x = _bn1.call(_conv1.call(input)).relu_();    // [B, 64, H/2, W/2]
        x = _bn2.call(_conv2.call(x)).relu_();               // [B, 64, h, w]
        Tensor[] branches = [_layer1.call(x)];               // [B, 4 × stage 1's width, h, w]
        for (int stage = 0; stage < _stages.Length; stage++)
        {
            branches = _transitions[stage].Apply(branches);  // one branch more: each [B, C_i, h/2^i, w/2^i]
            foreach (HighResolutionModule module in _stages[stage])
                branches = module.Apply(branches);
        }

        Tensor y = _increModules[0].call(branches[0]);       // [B, 128, h, w]
        for (int i = 0; i < 3; i++)                          // [B, 256, h/2, w/2], [B, 512, h/4, w/4], [B, 1024, h/8, w/8]
            y = _increModules[i + 1].call(branches[i + 1]).Plus(_downsampModules[i].call(y));
        y = _finalLayer.call(y).mean([2, 3]);                // [B, 2048]
        return _classifier.call(y).MoveToOuterDisposeScope(); // [B, classes]
    }

    /// <summary>Refuses an input whose branches would not fit onto each other.</summary>
    /// <exception cref="ArgumentException">The shape is not [B, 3, H, W], or H or W is no multiple of 32.</exception>
    internal static void RefuseOddSizes(long[] shape)
    {
        if (shape is not [_, 3, var height, var width])
            throw new ArgumentException($"HRNet takes images as [B, 3, H, W], not as [{string.Join(", ", shape)}].");
        if (height < SizeMultiple || width < SizeMultiple || height % SizeMultiple != 0 || width % SizeMultiple != 0)
            throw new ArgumentException($"HRNet takes images whose height and width are multiples of {SizeMultiple}, not {height}×{width}; "
                + $"the nearest that fits is {Nearest(height)}×{Nearest(width)}.");

        static long Nearest(long size) => Math.Max(1, (size + SizeMultiple / 2) / SizeMultiple) * SizeMultiple;
    }

    private static string NameAfterLoadingTorch() // the base class is the first to touch torch
    {
        LibTorch.Load();
        return nameof(HrNet);
    }

    // The original's: Kaiming normal (fan out, ReLU) for convolutions, 1 and 0 for batch norms, and what PyTorch gives biases
    // and linear layers, uniform within ±1/√(fan in). From a generator of our own, which other draws do not disturb.
    private void Initialise(long seed)
    {
        using IDisposable noGradients = no_grad();
        using var random = new Generator((ulong)seed);
        foreach (Module module in modules())
        {
            if (module is Conv2d { weight: var weight, bias: var bias })
            {
                long[] shape = weight.shape;
                weight.normal_(0, Math.Sqrt(2.0 / (shape[0] * shape[2] * shape[3])), random);
                Uniform(bias, fanIn: shape[1] * shape[2] * shape[3]);
            }
            else if (module is Linear linear)
            {
                Uniform(linear.weight, linear.weight.shape[1]);
                Uniform(linear.bias, linear.weight.shape[1]);
            }
        }

        void Uniform(Tensor? values, long fanIn) => values?.uniform_(-1 / Math.Sqrt(fanIn), 1 / Math.Sqrt(fanIn), random);
    }

    /// <summary>Makes every residual block begin as the identity: the weights of its last batch norm become zero (Goyal et al. 2017, section 5.1).</summary>
    public void ZeroResiduals()
    {
        using IDisposable noGradients = no_grad();
        foreach (Module module in modules())
            (module switch { BasicBlock block => block.LastNorm, Bottleneck block => block.LastNorm, _ => null })?.weight!.zero_();
    }

    /// <summary>Two 3×3 convolutions beside a shortcut: what the branches are made of.</summary>
    private sealed class BasicBlock : Module<Tensor, Tensor>
    {
        private readonly Conv2d _conv1, _conv2;
        private readonly BatchNorm2d _bn1, _bn2;

        internal BatchNorm2d LastNorm => _bn2;

        internal BasicBlock(int channels) : base(nameof(BasicBlock))
        {
            _conv1 = this.Add("conv1", Convolution(channels, channels, kernel: 3));
            _bn1 = this.Add("bn1", BatchNorm2d(channels));
            _conv2 = this.Add("conv2", Convolution(channels, channels, kernel: 3));
            _bn2 = this.Add("bn2", BatchNorm2d(channels));
        }

        public override Tensor forward(Tensor x)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor y = _bn1.call(_conv1.call(x)).relu_();
            y = _bn2.call(_conv2.call(y));
            return y.Add(x).relu_().MoveToOuterDisposeScope();
        }
    }

    /// <summary>1×1, 3×3, 1×1 convolutions beside a shortcut, which a 1×1 convolution widens where needed: stage 1 and the head.</summary>
    private sealed class Bottleneck : Module<Tensor, Tensor>
    {
        internal const int Expansion = 4;

        private readonly Conv2d _conv1, _conv2, _conv3;
        private readonly BatchNorm2d _bn1, _bn2, _bn3;
        private readonly Sequential? _downsample;

        internal BatchNorm2d LastNorm => _bn3;

        internal Bottleneck(int inChannels, int width) : base(nameof(Bottleneck))
        {
            _conv1 = this.Add("conv1", Convolution(inChannels, width, kernel: 1));
            _bn1 = this.Add("bn1", BatchNorm2d(width));
            _conv2 = this.Add("conv2", Convolution(width, width, kernel: 3));
            _bn2 = this.Add("bn2", BatchNorm2d(width));
            _conv3 = this.Add("conv3", Convolution(width, width * Expansion, kernel: 1));
            _bn3 = this.Add("bn3", BatchNorm2d(width * Expansion));
            if (inChannels != width * Expansion)
                _downsample = this.Add("downsample", ConvBn(inChannels, width * Expansion, kernel: 1));
        }

        public override Tensor forward(Tensor x)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor y = _bn1.call(_conv1.call(x)).relu_();
            y = _bn2.call(_conv2.call(y)).relu_();
            y = _bn3.call(_conv3.call(y));
            return y.Add(_downsample?.call(x) ?? x).relu_().MoveToOuterDisposeScope();
        }
    }

    /// <summary>Leads into a stage: branches change their width where they must, and one more starts from the lowest.</summary>
    private sealed class Transition : Module
    {
        private readonly Sequential?[] _layers;

        internal Transition(IReadOnlyList<int> before, IReadOnlyList<int> after) : base(nameof(Transition)) =>
            _layers = [.. after.Select((width, i) =>
                i >= before.Count ? this.Add(Name(i), Sequential(ConvBn(before[^1], width, kernel: 3, stride: 2, relu: true)))
                : width != before[i] ? this.Add(Name(i), ConvBn(before[i], width, kernel: 3, relu: true))
                : null)];

        internal Tensor[] Apply(Tensor[] branches) =>
            [.. _layers.Select((layer, i) => layer is null ? branches[i] : layer.call(branches[Math.Min(i, branches.Length - 1)]))];
    }

    /// <summary>Works on each branch for itself, then adds to each branch what all others see, at its own resolution.</summary>
    private sealed class HighResolutionModule : Module
    {
        private readonly Sequential[] _branches;
        private readonly Sequential?[][] _fuseLayers; // [to i][from j]

        internal HighResolutionModule(HrNetStage stage) : base(nameof(HighResolutionModule))
        {
            IReadOnlyList<int> widths = stage.Widths;
            _branches = this.AddList("branches", widths.Count, i => Chain(stage.BlockCounts[i], _ => new BasicBlock(widths[i])));

            var rows = new ModuleList<Module>();
            _fuseLayers = [.. widths.Select((_, i) =>
            {
                var row = new Container();
                rows.Add(row);
                return widths.Select((_, j) => i == j ? null : row.Add(Name(j), j > i ? Up(i, j) : Down(i, j))).ToArray();
            })];
            this.Add("fuse_layers", rows);

            Sequential Up(int i, int j) => Sequential(
                Convolution(widths[j], widths[i], kernel: 1), BatchNorm2d(widths[i]),
                Upsample(scale_factor: [1 << (j - i), 1 << (j - i)], mode: UpsampleMode.Nearest));

            Sequential Down(int i, int j) => Chain(i - j, step =>
                step < i - j - 1 ? ConvBn(widths[j], widths[j], kernel: 3, stride: 2, relu: true)
                : ConvBn(widths[j], widths[i], kernel: 3, stride: 2));
        }

        internal Tensor[] Apply(Tensor[] x) // each [B, C_i, h/2^i, w/2^i], as is what it returns
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor[] own = [.. x.Select((branch, i) => _branches[i].call(branch))];
            return [.. own.Select((_, i) =>
            {
                Tensor sum = Seen(i, 0);
                for (int j = 1; j < own.Length; j++)
                    sum = sum.Plus(Seen(i, j));
                return sum.relu_().MoveToOuterDisposeScope();
            })];

            Tensor Seen(int i, int j) => _fuseLayers[i][j]?.call(own[j]) ?? own[j]; // branch j as branch i sees it
        }
    }

    private sealed class Container() : Module(nameof(Container));

    private static Conv2d Convolution(int inChannels, int outChannels, int kernel, int stride = 1, bool bias = false) =>
        Conv2d(inChannels, outChannels, kernel, stride, padding: kernel / 2, bias: bias);

    private static Sequential ConvBn(int inChannels, int outChannels, int kernel, int stride = 1, bool bias = false, bool relu = false) =>
        relu ? Sequential(Convolution(inChannels, outChannels, kernel, stride, bias), BatchNorm2d(outChannels), ReLU(inplace: true))
        : Sequential(Convolution(inChannels, outChannels, kernel, stride, bias), BatchNorm2d(outChannels));

    private static Sequential Bottlenecks(int inChannels, int width, int count) =>
        Chain(count, i => new Bottleneck(i == 0 ? inChannels : width * Bottleneck.Expansion, width));

    private static Sequential Chain(int count, Func<int, Module<Tensor, Tensor>> make) =>
        Sequential(Enumerable.Range(0, count).Select(make).ToArray());

    private static string Name(int index) => index.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Registers children under the names that checkpoints use, instead of under the names of C# fields.</summary>
file static class Registration
{
    internal static T Add<T>(this Module parent, string name, T child) where T : Module
    {
        parent.register_module(name, child);
        return child;
    }

    internal static T[] AddList<T>(this Module parent, string name, int count, Func<int, T> make) where T : Module
    {
        T[] children = [.. Enumerable.Range(0, count).Select(make)];
        parent.register_module(name, new ModuleList<T>(children));
        return children;
    }
}
