using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Onnx.Format;
using static HrNetBatch.Model.Onnx.OnnxGraph;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Onnx;

/// <summary>Builds the graph of an HRNet out of ONNX operators; values are named after the parameters.</summary>
internal sealed class OnnxHrNet : IHrNetEngine<string>
{
    internal const string Images = "images", Logits = "logits", BatchSize = "batch";

    private readonly OnnxGraph _graph;
    private readonly IReadOnlyDictionary<string, Tensor> _weights;
    private readonly bool _foldsBatchNorm;

    private OnnxHrNet(IReadOnlyDictionary<string, Tensor> weights, string name, bool foldsBatchNorm) =>
        (_weights, _graph, _foldsBatchNorm) = (weights, new OnnxGraph(name), foldsBatchNorm);

    /// <summary>The graph of a network, from images to logits; the number of images is free.</summary>
    /// <param name="weights">Parameters by the original's names, all that the network has; they stay as they are.</param>
    /// <param name="architecture">The network that they are of.</param>
    /// <param name="name">The graph's name.</param>
    /// <param name="imageSize">Height and width of the images.</param>
    /// <param name="foldsBatchNorm">Whether each batch norm becomes part of the convolution before it.</param>
    /// <exception cref="ArgumentException">A parameter is missing, or is not finite.</exception>
    internal static GraphProto Build(IReadOnlyDictionary<string, Tensor> weights, HrNetArchitecture architecture, string name, int imageSize, bool foldsBatchNorm)
    {
        var network = new OnnxHrNet(weights, name, foldsBatchNorm);
        string images = network._graph.Input(Images, BatchSize, 3, imageSize, imageSize);
        new HrNetWalk<string>(architecture, network).Forward(images);
        network._graph.Output(Logits, BatchSize, weights["classifier.weight"].shape[0]);
        return network._graph.Proto;
    }

    string IHrNetEngine<string>.Convolve(ConvolutionLayer layer, string x, string? plus)
    {
        string name = layer.Name;
        string[] inputs = _foldsBatchNorm ? Folded(layer)
            : layer.HasBias ? [Constant($"{name}.weight"), Constant($"{name}.bias")] : [Constant($"{name}.weight")];
        string y = _graph.Node(name, "Conv", [x, .. inputs],
            Attribute("kernel_shape", [layer.Kernel, layer.Kernel]), Attribute("strides", [layer.Stride, layer.Stride]),
            Attribute("pads", [layer.Padding, layer.Padding, layer.Padding, layer.Padding]));
        if (!_foldsBatchNorm)
        {
            string norm = layer.NormName;
            y = _graph.Node(norm, "BatchNormalization",
                [y, Constant($"{norm}.weight"), Constant($"{norm}.bias"), Constant($"{norm}.running_mean"), Constant($"{norm}.running_var")],
                Attribute("epsilon", (float)BatchNormFolding.Epsilon));
        }
        if (plus is not null)
            y = Add($"{name}.sum", y, plus);
        return layer.HasRelu ? Relu(name, y) : y;
    }

    public string Add(string name, string x, string y) => _graph.Node(name, "Add", [x, y]);

    // Nearest neighbours at whole factors: output pixel p is input pixel floor(p / factor), as in PyTorch's Upsample.
    string IHrNetEngine<string>.AddUpsampled(string name, string sum, string low, int factor, bool relu, bool mayOverwrite)
    {
        using Tensor scales = tensor([1f, 1f, factor, factor]);
        string large = _graph.Node($"{name}.up", "Resize", [low, "", _graph.Constant($"times{factor}", scales)],
            Attribute("mode", "nearest"), Attribute("coordinate_transformation_mode", "asymmetric"), Attribute("nearest_mode", "floor"));
        string y = Add($"{name}.sum", sum, large);
        return relu ? Relu(name, y) : y;
    }

    string IHrNetEngine<string>.Classify(string features)
    {
        string pooled = _graph.Node("pool", "GlobalAveragePool", [features]);
        string flat = _graph.Node("flat", "Flatten", [pooled], Attribute("axis", 1)); // [B, 2048]
        return _graph.Node(Logits, "Gemm", [flat, Constant("classifier.weight"), Constant("classifier.bias")], Attribute("transB", 1));
    }

    void IHrNetEngine<string>.Release(string value)
    {
    }

    private string[] Folded(ConvolutionLayer layer)
    {
        (Tensor weight, Tensor bias) = BatchNormFolding.Fold(_weights, layer);
        using (weight)
        using (bias)
            return [_graph.Constant($"{layer.Name}.weight", weight), _graph.Constant($"{layer.Name}.bias", bias)];
    }

    private string Relu(string name, string x) => _graph.Node($"{name}.relu", "Relu", [x]);

    private string Constant(string name) => _graph.Constant(name,
        _weights.TryGetValue(name, out Tensor? weight) ? weight : throw new ArgumentException($"The weights lack the parameter {name}."));
}
