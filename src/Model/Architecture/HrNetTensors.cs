using static TorchSharp.torch;

namespace HrNetBatch.Model.Architecture;

/// <summary>Names and shapes of a network's parameters and buffers, without making the network: what a checkpoint must hold.</summary>
internal sealed class HrNetTensors
{
    private readonly OrderedDictionary<string, TensorShape> _tensors = [];

    private HrNetTensors()
    {
    }

    /// <summary>Every tensor of the network's state dict by name, in the order of PyTorch.</summary>
    public static IReadOnlyDictionary<string, TensorShape> Of(HrNetArchitecture architecture, int classCount)
    {
        var tensors = new HrNetTensors();
        tensors.Stem(architecture.Stage1);
        IReadOnlyList<int> widths = [4 * architecture.Stage1.Width];
        for (int i = 0; i < 3; i++)
        {
            HrNetStage stage = architecture.BranchStages[i];
            tensors.Transition(Name($"transition{i + 1}"), widths, stage.Widths);
            for (int module = 0; module < stage.ModuleCount; module++)
                tensors.Module(Name($"stage{i + 2}.{module}"), stage);
            widths = stage.Widths;
        }
        tensors.Head(widths, classCount);
        return tensors._tensors;
    }

    private void Stem(HrNetStage1 stage)
    {
        Convolution("conv1", 3, 64, 3);
        Norm("bn1", 64);
        Convolution("conv2", 64, 64, 3);
        Norm("bn2", 64);
        for (int block = 0; block < stage.BlockCount; block++)
            Bottleneck(Name($"layer1.{block}"), block == 0 ? 64 : 4 * stage.Width, stage.Width);
    }

    private void Transition(string name, IReadOnlyList<int> before, IReadOnlyList<int> after)
    {
        for (int i = 0; i < after.Count; i++)
        {
            if (i >= before.Count)
                ConvolutionAndNorm(Name($"{name}.{i}.0"), before[^1], after[i], 3);
            else if (after[i] != before[i])
                ConvolutionAndNorm(Name($"{name}.{i}"), before[i], after[i], 3);
        }
    }

    private void Module(string name, HrNetStage stage)
    {
        for (int i = 0; i < stage.Widths.Count; i++)
        {
            for (int block = 0; block < stage.BlockCounts[i]; block++)
                BasicBlock(Name($"{name}.branches.{i}.{block}"), stage.Widths[i]);
        }
        for (int i = 0; i < stage.Widths.Count; i++)
        {
            for (int j = 0; j < stage.Widths.Count; j++)
            {
                if (j > i)
                    ConvolutionAndNorm(Name($"{name}.fuse_layers.{i}.{j}"), stage.Widths[j], stage.Widths[i], 1);
                for (int step = 0; step < i - j; step++)
                    ConvolutionAndNorm(Name($"{name}.fuse_layers.{i}.{j}.{step}"), stage.Widths[j], stage.Widths[step == i - j - 1 ? i : j], 3);
            }
        }
    }

    private void Head(IReadOnlyList<int> widths, int classCount)
    {
        for (int i = 0; i < 4; i++)
            Bottleneck(Name($"incre_modules.{i}.0"), widths[i], HrNet.HeadWidths[i]);
        for (int i = 0; i < 3; i++)
            ConvolutionAndNorm(Name($"downsamp_modules.{i}"), 4 * HrNet.HeadWidths[i], 4 * HrNet.HeadWidths[i + 1], 3, bias: true);
        ConvolutionAndNorm("final_layer", 4 * HrNet.HeadWidths[3], HrNet.FeatureCount, 1, bias: true);
        Add("classifier.weight", classCount, HrNet.FeatureCount);
        Add("classifier.bias", classCount);
    }

    private void BasicBlock(string name, int channels)
    {
        for (int i = 1; i <= 2; i++)
        {
            Convolution(Name($"{name}.conv{i}"), channels, channels, 3);
            Norm(Name($"{name}.bn{i}"), channels);
        }
    }

    private void Bottleneck(string name, int inChannels, int width)
    {
        Convolution($"{name}.conv1", inChannels, width, 1);
        Norm($"{name}.bn1", width);
        Convolution($"{name}.conv2", width, width, 3);
        Norm($"{name}.bn2", width);
        Convolution($"{name}.conv3", width, 4 * width, 1);
        Norm($"{name}.bn3", 4 * width);
        if (inChannels != 4 * width)
            ConvolutionAndNorm($"{name}.downsample", inChannels, 4 * width, 1);
    }

    private void ConvolutionAndNorm(string name, int inChannels, int outChannels, int kernel, bool bias = false)
    {
        Convolution($"{name}.0", inChannels, outChannels, kernel, bias);
        Norm($"{name}.1", outChannels);
    }

    private void Convolution(string name, int inChannels, int outChannels, int kernel, bool bias = false)
    {
        Add($"{name}.weight", outChannels, inChannels, kernel, kernel);
        if (bias)
            Add($"{name}.bias", outChannels);
    }

    private void Norm(string name, int channels)
    {
        Add($"{name}.weight", channels);
        Add($"{name}.bias", channels);
        Add($"{name}.running_mean", channels);
        Add($"{name}.running_var", channels);
        _tensors.Add($"{name}.num_batches_tracked", new TensorShape([], ScalarType.Int64));
    }

    private void Add(string name, params long[] sizes) => _tensors.Add(name, new TensorShape(sizes, ScalarType.Float32));

    private static string Name(FormattableString text) => FormattableString.Invariant(text);
}
