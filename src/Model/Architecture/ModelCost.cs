namespace HrNetBatch.Model.Architecture;

/// <summary>What a network costs: its parameters, and the work of one image, which two projects count in two ways.</summary>
/// <param name="ParameterCount">Weights and biases, without the batch norms' running statistics.</param>
/// <param name="MultiplyAdds">Of all convolutions and the classifier, without biases.</param>
/// <param name="BatchNormOutputs">Numbers that leave batch norms.</param>
/// <param name="UpsampledOutputs">Numbers that leave the nearest upsampling of the fusions.</param>
/// <param name="PooledInputs">Numbers that enter the global average pooling.</param>
public sealed record ModelCost(long ParameterCount, long MultiplyAdds, long BatchNormOutputs, long UpsampledOutputs, long PooledInputs)
{
    /// <summary>
    /// "GFLOPs" as the original prints them and its README lists them: multiply-adds of convolutions and linear layers in units of 2^30
    /// (lib/utils/modelsummary.py).
    /// </summary>
    public double OriginalGFlops => MultiplyAdds / (double)(1 << 30);

    /// <summary>
    /// GMACs as timm's tables list them, in units of 10^9: fvcore's count, which adds two for each output of a batch norm, and one for
    /// each output of an upsampling and each input of the pooling.
    /// </summary>
    public double TimmGMacs => (MultiplyAdds + 2 * BatchNormOutputs + UpsampledOutputs + PooledInputs) / 1e9;

    /// <summary>Counts, without making the network.</summary>
    /// <param name="architecture">A sound one: <see cref="HrNetArchitecture.Faults"/> is empty.</param>
    /// <param name="classCount">Classes of the classifier.</param>
    /// <param name="imageSize">Height and width of the image, a multiple of 32; the published figures are for 224.</param>
    /// <exception cref="ArgumentException">The size is no multiple of 32.</exception>
    public static ModelCost Of(HrNetArchitecture architecture, int classCount, int imageSize)
    {
        HrNet.RefuseOddSizes([1, 3, imageSize, imageSize]);
        var counter = new Counter();

        // Side lengths of the four branches, after the stem's halving and halving again.
        int[] sides = [imageSize / 4, imageSize / 8, imageSize / 16, imageSize / 32];
        counter.Convolution(3, 64, kernel: 3, side: imageSize / 2);
        counter.Convolution(64, 64, kernel: 3, sides[0]);
        for (int block = 0; block < architecture.Stage1.BlockCount; block++)
            counter.Bottleneck(block == 0 ? 64 : 4 * architecture.Stage1.Width, architecture.Stage1.Width, sides[0]);

        IReadOnlyList<int> before = [4 * architecture.Stage1.Width];
        foreach (HrNetStage stage in architecture.BranchStages)
        {
            for (int i = 0; i < stage.Widths.Count; i++)
            {
                if (i >= before.Count || before[i] != stage.Widths[i])
                    counter.Convolution(before[Math.Min(i, before.Count - 1)], stage.Widths[i], kernel: 3, sides[i]);
            }
            for (int module = 0; module < stage.ModuleCount; module++)
                counter.Module(stage, sides);
            before = stage.Widths;
        }

        for (int i = 0; i < 4; i++)
        {
            counter.Bottleneck(before[i], HrNet.HeadWidths[i], sides[i]);
            if (i > 0)
                counter.Convolution(4 * HrNet.HeadWidths[i - 1], 4 * HrNet.HeadWidths[i], kernel: 3, sides[i], bias: true);
        }
        counter.Convolution(4 * HrNet.HeadWidths[3], HrNet.FeatureCount, kernel: 1, sides[3], bias: true);
        return new ModelCost(
            counter.Parameters + (HrNet.FeatureCount + 1L) * classCount,
            counter.MultiplyAdds + (long)HrNet.FeatureCount * classCount,
            counter.BatchNormOutputs, counter.UpsampledOutputs, (long)HrNet.FeatureCount * sides[3] * sides[3]);
    }

    private sealed class Counter
    {
        internal long Parameters, MultiplyAdds, BatchNormOutputs, UpsampledOutputs;

        // With its batch norm, as all of them have one; side is the output's.
        internal void Convolution(long inChannels, long outChannels, long kernel, long side, bool bias = false)
        {
            long weights = inChannels * outChannels * kernel * kernel;
            Parameters += weights + (bias ? 3 : 2) * outChannels;
            MultiplyAdds += weights * side * side;
            BatchNormOutputs += outChannels * side * side;
        }

        internal void Bottleneck(int inChannels, int width, int side)
        {
            Convolution(inChannels, width, 1, side);
            Convolution(width, width, 3, side);
            Convolution(width, 4 * width, 1, side);
            if (inChannels != 4 * width)
                Convolution(inChannels, 4 * width, 1, side);
        }

        internal void Module(HrNetStage stage, int[] sides)
        {
            IReadOnlyList<int> widths = stage.Widths;
            for (int i = 0; i < widths.Count; i++)
            {
                for (int convolution = 0; convolution < 2 * stage.BlockCounts[i]; convolution++)
                    Convolution(widths[i], widths[i], 3, sides[i]);
                for (int j = 0; j < i; j++) // what branch i sees of those above it
                {
                    for (int step = j + 1; step <= i; step++)
                        Convolution(widths[j], step == i ? widths[i] : widths[j], 3, sides[step]);
                }
                for (int j = i + 1; j < widths.Count; j++) // and of those below it
                {
                    Convolution(widths[j], widths[i], 1, sides[j]);
                    UpsampledOutputs += (long)widths[i] * sides[i] * sides[i];
                }
            }
        }
    }
}
