// The forward pass of Architecture/HrNet.cs without learning, written once for every engine: what infers, what writes graphs, what counts.
// It visits the convolutions in the order of PyTorch's state dict. Names are the parameters'.
// Shapes at line ends: B images; i a branch, 0 the highest; C_i its width in the stage; h, w a quarter of the input's height and width.

using static System.FormattableString;

namespace HrNetBatch.Model.Architecture;

/// <summary>Leads values of an engine's own kind through the network: tensors, names in a graph, shapes. Each is released as soon as it has been used.</summary>
internal sealed class HrNetWalk<T>(HrNetArchitecture architecture, IHrNetEngine<T> engine) where T : class
{
    private const int StemWidth = 64, Expansion = 4;

    /// <summary>Logits of images.</summary>
    /// <param name="images">[B, 3, H, W]; released.</param>
    internal T Forward(T images)
    {
        T x = Through(images, Convolution("conv1", 3, StemWidth, kernel: 3, stride: 2, relu: true));   // [B, 64, H/2, W/2]
        x = Through(x, Convolution("conv2", StemWidth, StemWidth, kernel: 3, stride: 2, relu: true));   // [B, 64, h, w]
        int width = StemWidth;
        for (int block = 0; block < architecture.Stage1.BlockCount; block++)                            // [B, 4 × stage 1's width, h, w]
        {
            x = Bottleneck(Invariant($"layer1.{block}"), x, width, architecture.Stage1.Width);
            width = Expansion * architecture.Stage1.Width;
        }

        T[] branches = [x];
        IReadOnlyList<int> widths = [width];
        for (int i = 0; i < architecture.BranchStages.Length; i++)      // one branch more: each [B, C_i, h/2^i, w/2^i]
        {
            HrNetStage stage = architecture.BranchStages[i];
            branches = Transition(Invariant($"transition{i + 1}"), branches, widths, stage.Widths);
            for (int module = 0; module < stage.ModuleCount; module++)
                branches = Module(Invariant($"stage{i + 2}.{module}"), branches, stage);
            widths = stage.Widths;
        }
        return Head(branches, widths);
    }

    private T Head(T[] branches, IReadOnlyList<int> widths)
    {
        int[] heads = HrNet.HeadWidths;
        T[] widened = [.. branches.Select((branch, i) => Bottleneck(Invariant($"incre_modules.{i}.0"), branch, widths[i], heads[i]))];
        T y = widened[0];                                                                               // [B, 128, h, w]
        for (int i = 1; i < heads.Length; i++)                                                          // [B, 128·2^i, h/2^i, w/2^i]
        {
            y = Through(y, Convolution(
                Invariant($"downsamp_modules.{i - 1}.0"), Expansion * heads[i - 1], Expansion * heads[i], kernel: 3, stride: 2, relu: true, bias: true));
            y = engine.Add(Invariant($"downsamp_modules.{i - 1}.sum"), y, widened[i]);
            engine.Release(widened[i]);
        }
        y = Through(y, Convolution("final_layer.0", Expansion * heads[^1], HrNet.FeatureCount, kernel: 1, relu: true, bias: true));
        T logits = engine.Classify(y);                                                                  // [B, 2048, h/8, w/8] → [B, classes]
        engine.Release(y);
        return logits;
    }

    // Branches change their width where they must, and one more starts from the lowest.
    private T[] Transition(string name, T[] before, IReadOnlyList<int> widthsBefore, IReadOnlyList<int> widths)
    {
        int last = before.Length - 1;
        T[] after = [.. widths.Select((width, i) =>
            i > last ? engine.Convolve(Convolution(Invariant($"{name}.{i}.0.0"), widthsBefore[last], width, kernel: 3, stride: 2, relu: true), before[last])
            : width != widthsBefore[i] ? engine.Convolve(Convolution(Invariant($"{name}.{i}.0"), widthsBefore[i], width, kernel: 3, relu: true), before[i])
            : before[i])];
        foreach (T changed in before.Where((branch, i) => !ReferenceEquals(branch, after[i])))
            engine.Release(changed);
        return after;
    }

    // Works on each branch for itself, then adds to each what all others see, at its own resolution.
    private T[] Module(string name, T[] branches, HrNetStage stage)
    {
        T[] own = [.. branches.Select((branch, i) => BasicBlocks(Invariant($"{name}.branches.{i}"), branch, stage.Widths[i], stage.BlockCounts[i]))];
        T[] fused = [.. own.Select((_, i) => Fuse(Invariant($"{name}.fuse_layers.{i}"), own, i, stage.Widths))];
        foreach (T branch in own)
            engine.Release(branch);
        return fused;
    }

    // Branch i after it has seen the others: those above come down by strided convolutions, those below come up by repetition.
    private T Fuse(string name, T[] branches, int i, IReadOnlyList<int> widths)
    {
        int last = branches.Length - 1;
        T own = branches[i], sum = own;
        for (int j = 0; j < i; j++)
        {
            T x = branches[j];
            for (int step = 0; step < i - j - 1; step++)
            {
                T lower = engine.Convolve(Convolution(Invariant($"{name}.{j}.{step}.0"), widths[j], widths[j], kernel: 3, stride: 2, relu: true), x);
                if (step > 0)
                    engine.Release(x);
                x = lower;
            }
            T next = engine.Convolve(
                Convolution(Invariant($"{name}.{j}.{i - j - 1}.0"), widths[j], widths[i], kernel: 3, stride: 2, relu: i == last && j == i - 1), x, plus: sum);
            if (!ReferenceEquals(x, branches[j]))
                engine.Release(x);
            if (!ReferenceEquals(sum, own))
                engine.Release(sum);
            sum = next;
        }
        for (int j = i + 1; j <= last; j++)
        {
            T low = engine.Convolve(Convolution(Invariant($"{name}.{j}.0"), widths[j], widths[i], kernel: 1), branches[j]);
            sum = engine.AddUpsampled(Invariant($"{name}.{j}"), sum, low, factor: 1 << (j - i), relu: j == last, mayOverwrite: !ReferenceEquals(sum, own));
            engine.Release(low);
        }
        return sum;
    }

    // Two 3×3 convolutions beside a shortcut, several times.
    private T BasicBlocks(string name, T x, int width, int count)
    {
        for (int block = 0; block < count; block++)
        {
            T y = engine.Convolve(Convolution(Invariant($"{name}.{block}.conv1"), width, width, kernel: 3, relu: true), x);
            T sum = engine.Convolve(Convolution(Invariant($"{name}.{block}.conv2"), width, width, kernel: 3, relu: true), y, plus: x);
            engine.Release(y);
            engine.Release(x);
            x = sum;
        }
        return x;
    }

    // 1×1, 3×3, 1×1 convolutions beside a shortcut, which a 1×1 convolution widens where needed.
    private T Bottleneck(string name, T x, int inChannels, int width)
    {
        int outChannels = Expansion * width;
        bool widens = inChannels != outChannels;
        T y = engine.Convolve(Convolution($"{name}.conv1", inChannels, width, kernel: 1, relu: true), x);
        y = Through(y, Convolution($"{name}.conv2", width, width, kernel: 3, relu: true));
        T sum = engine.Convolve(Convolution($"{name}.conv3", width, outChannels, kernel: 1, relu: !widens), y, plus: widens ? null : x);
        engine.Release(y);
        if (widens)
        {
            T own = sum;
            sum = engine.Convolve(Convolution($"{name}.downsample.0", inChannels, outChannels, kernel: 1, relu: true), x, plus: own);
            engine.Release(own);
        }
        engine.Release(x);
        return sum;
    }

    private T Through(T x, ConvolutionLayer layer)
    {
        T y = engine.Convolve(layer, x);
        engine.Release(x);
        return y;
    }

    private static ConvolutionLayer Convolution(string name, int inChannels, int outChannels, int kernel, int stride = 1, bool relu = false, bool bias = false) =>
        new(name, inChannels, outChannels, kernel, stride, relu, bias);
}
