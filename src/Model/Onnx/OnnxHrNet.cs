// The network of Architecture/HrNet.cs once more, as a graph of ONNX operators. How many blocks, modules and transitions there are
// follows from the parameters' names, so that every architecture is written alike; values are named after the parameters.
// Shapes at line ends: B images; C the network's width; h, w a quarter of the input's height and width; i a branch, 0 the highest.

using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Onnx.Format;
using static HrNetBatch.Model.Onnx.OnnxGraph;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Onnx;

/// <summary>Builds the graph of a HRNet.</summary>
internal sealed class OnnxHrNet
{
    internal const string Images = "images", Logits = "logits", BatchSize = "batch";

    private const int StageCount = 4;

    private readonly OnnxGraph _graph;
    private readonly IReadOnlyDictionary<string, Tensor> _weights;
    private readonly bool _foldsBatchNorm;

    private OnnxHrNet(IReadOnlyDictionary<string, Tensor> weights, string name, bool foldsBatchNorm) =>
        (_weights, _graph, _foldsBatchNorm) = (weights, new OnnxGraph(name), foldsBatchNorm);

    /// <summary>The graph of a network, from images to logits; the number of images is free.</summary>
    /// <param name="weights">Parameters by the original's names, all that the network has; they stay as they are.</param>
    /// <param name="name">The graph's name.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="foldsBatchNorm">Whether each batch norm becomes part of the convolution before it.</param>
    /// <exception cref="ArgumentException">A parameter is missing, or is not finite.</exception>
    internal static GraphProto Build(IReadOnlyDictionary<string, Tensor> weights, string name, int imageSize, bool foldsBatchNorm)
    {
        var network = new OnnxHrNet(weights, name, foldsBatchNorm);
        string images = network._graph.Input(Images, BatchSize, 3, imageSize, imageSize);
        network.Forward(images);
        network._graph.Output(Logits, BatchSize, weights["classifier.weight"].shape[0]);
        return network._graph.Proto;
    }

    private string Forward(string images)
    {
        string x = Convolve("conv1", images, stride: 2, relu: true);      // [B, 64, H/2, W/2]
        x = Convolve("conv2", x, stride: 2, relu: true);                  // [B, 64, h, w]
        string[] branches = [Blocks("layer1", x)];                        // [B, 128 or 256, h, w]
        for (int stage = 2; stage <= StageCount; stage++)
        {
            branches = Transition($"transition{stage - 1}", branches, branchCount: stage); // each [B, C·2^i, h/2^i, w/2^i]
            for (int module = 0; Has($"stage{stage}.{module}.branches.0.0.conv1.weight"); module++)
                branches = Module($"stage{stage}.{module}", branches);
        }

        string y = Block("incre_modules.0.0", branches[0]);               // [B, 128, h, w]
        for (int i = 0; i < StageCount - 1; i++)                          // [B, 256, h/2, w/2], [B, 512, h/4, w/4], [B, 1024, h/8, w/8]
            y = Add($"downsamp_modules.{i}.sum", Block($"incre_modules.{i + 1}.0", branches[i + 1]), Convolve($"downsamp_modules.{i}.0", y, stride: 2, relu: true));
        y = Convolve("final_layer.0", y, relu: true);                     // [B, 2048, h/8, w/8]
        y = _graph.Node("pool", "GlobalAveragePool", [y]);
        y = _graph.Node("flat", "Flatten", [y], Attribute("axis", 1));    // [B, 2048]
        return _graph.Node(Logits, "Gemm", [y, Constant("classifier.weight"), Constant("classifier.bias")], Attribute("transB", 1));
    }

    // Branches change their width where they must, and one more starts from the lowest.
    private string[] Transition(string name, string[] before, int branchCount) => [.. Enumerable.Range(0, branchCount).Select(i =>
        i >= before.Length ? Convolve($"{name}.{i}.0.0", before[^1], stride: 2, relu: true)
        : Has($"{name}.{i}.0.weight") ? Convolve($"{name}.{i}.0", before[i], relu: true)
        : before[i])];

    // Works on each branch for itself, then adds to each what all others see, at its own resolution.
    private string[] Module(string name, string[] branches)
    {
        string[] own = [.. branches.Select((branch, i) => Blocks($"{name}.branches.{i}", branch))];
        return [.. own.Select((_, i) =>
        {
            string fuse = $"{name}.fuse_layers.{i}", sum = Seen(fuse, own, i, 0);
            for (int j = 1; j < own.Length; j++)
                sum = Add($"{fuse}.sum{j}", sum, Seen(fuse, own, i, j));
            return Relu(fuse, sum);
        })];
    }

    // Branch j as branch i sees it: those above come down by strided convolutions, those below come up by repetition.
    private string Seen(string fuse, string[] branches, int i, int j)
    {
        string x = branches[j];
        if (j > i)
            return Repeat($"{fuse}.{j}", Convolve($"{fuse}.{j}.0", x), factor: 1 << (j - i));
        for (int step = 0; step < i - j; step++)
            x = Convolve($"{fuse}.{j}.{step}.0", x, stride: 2, relu: step < i - j - 1);
        return x;
    }

    private string Blocks(string name, string x)
    {
        for (int block = 0; Has($"{name}.{block}.conv1.weight"); block++)
            x = Block($"{name}.{block}", x);
        return x;
    }

    // A basic block of two convolutions or a bottleneck of three, beside a shortcut.
    private string Block(string name, string x)
    {
        string shortcut = Has($"{name}.downsample.0.weight") ? Convolve($"{name}.downsample.0", x) : x;
        string y = Convolve($"{name}.conv1", x, relu: true);
        bool isBottleneck = Has($"{name}.conv3.weight");
        y = Convolve($"{name}.conv2", y, relu: isBottleneck);
        if (isBottleneck)
            y = Convolve($"{name}.conv3", y);
        return Relu(name, Add($"{name}.sum", y, shortcut));
    }

    private string Convolve(string name, string x, long stride = 1, bool relu = false)
    {
        string weight = $"{name}.weight", bias = $"{name}.bias";
        long kernel = _weights[weight].shape[2], padding = kernel / 2;
        string[] inputs = _foldsBatchNorm ? Folded(name) : Has(bias) ? [Constant(weight), Constant(bias)] : [Constant(weight)];
        string y = _graph.Node(name, "Conv", [x, .. inputs],
            Attribute("kernel_shape", [kernel, kernel]), Attribute("strides", [stride, stride]), Attribute("pads", [padding, padding, padding, padding]));
        if (!_foldsBatchNorm)
        {
            string norm = BatchNormFolding.NormOf(name);
            y = _graph.Node(norm, "BatchNormalization",
                [y, Constant($"{norm}.weight"), Constant($"{norm}.bias"), Constant($"{norm}.running_mean"), Constant($"{norm}.running_var")],
                Attribute("epsilon", (float)BatchNormFolding.Epsilon));
        }
        return relu ? Relu(name, y) : y;
    }

    private string[] Folded(string name)
    {
        (Tensor weight, Tensor bias) = BatchNormFolding.Fold(_weights, name);
        using (weight)
        using (bias)
            return [_graph.Constant($"{name}.weight", weight), _graph.Constant($"{name}.bias", bias)];
    }

    // Nearest neighbours at whole factors: output pixel p is input pixel floor(p / factor), as in PyTorch's Upsample.
    private string Repeat(string name, string x, int factor)
    {
        using Tensor scales = tensor([1f, 1f, factor, factor]);
        return _graph.Node($"{name}.up", "Resize", [x, "", _graph.Constant($"times{factor}", scales)],
            Attribute("mode", "nearest"), Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("nearest_mode", "floor"));
    }

    private string Add(string name, string x, string y) => _graph.Node(name, "Add", [x, y]);

    private string Relu(string name, string x) => _graph.Node($"{name}.relu", "Relu", [x]);

    private string Constant(string name) => _graph.Constant(name,
        _weights.TryGetValue(name, out Tensor? weight) ? weight : throw new ArgumentException($"The weights lack the parameter {name}."));

    private bool Has(string name) => _weights.ContainsKey(name);
}
