using static TorchSharp.torch;

namespace HrNetBatch.Model.Architecture;

/// <summary>Names and shapes of a network's parameters and buffers, without making the network: what a checkpoint must hold.</summary>
internal sealed class HrNetTensors : IHrNetEngine<HrNetTensors>
{
    private readonly OrderedDictionary<string, TensorShape> _tensors = [];
    private readonly int _classCount;

    private HrNetTensors(int classCount) => _classCount = classCount;

    /// <summary>Every tensor of the network's state dict by name, in the order of PyTorch.</summary>
    public static IReadOnlyDictionary<string, TensorShape> Of(HrNetArchitecture architecture, int classCount)
    {
        var tensors = new HrNetTensors(classCount);
        new HrNetWalk<HrNetTensors>(architecture, tensors).Forward(tensors);
        return tensors._tensors;
    }

    HrNetTensors IHrNetEngine<HrNetTensors>.Convolve(ConvolutionLayer layer, HrNetTensors x, HrNetTensors? plus)
    {
        Add($"{layer.Name}.weight", layer.OutChannels, layer.InChannels, layer.Kernel, layer.Kernel);
        if (layer.HasBias)
            Add($"{layer.Name}.bias", layer.OutChannels);
        foreach (string part in (string[])["weight", "bias", "running_mean", "running_var"])
            Add($"{layer.NormName}.{part}", layer.OutChannels);
        _tensors.Add($"{layer.NormName}.num_batches_tracked", new TensorShape([], ScalarType.Int64));
        return this;
    }

    HrNetTensors IHrNetEngine<HrNetTensors>.Add(string name, HrNetTensors x, HrNetTensors y) => this;

    HrNetTensors IHrNetEngine<HrNetTensors>.AddUpsampled(string name, HrNetTensors sum, HrNetTensors low, int factor, bool relu, bool mayOverwrite) => this;

    HrNetTensors IHrNetEngine<HrNetTensors>.Classify(HrNetTensors features)
    {
        Add("classifier.weight", _classCount, HrNet.FeatureCount);
        Add("classifier.bias", _classCount);
        return this;
    }

    void IHrNetEngine<HrNetTensors>.Release(HrNetTensors value)
    {
    }

    private void Add(string name, params long[] sizes) => _tensors.Add(name, new TensorShape(sizes, ScalarType.Float32));
}
