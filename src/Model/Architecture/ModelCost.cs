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
        FeatureMap features = new HrNetWalk<FeatureMap>(architecture, counter).Forward(new FeatureMap(3, imageSize));
        return new ModelCost(
            counter.Parameters + (features.Channels + 1L) * classCount,
            counter.MultiplyAdds + (long)features.Channels * classCount,
            counter.BatchNormOutputs, counter.UpsampledOutputs, features.Count);
    }

    private sealed record FeatureMap(int Channels, int Side)
    {
        internal long Count => (long)Channels * Side * Side;
    }

    private sealed class Counter : IHrNetEngine<FeatureMap>
    {
        internal long Parameters, MultiplyAdds, BatchNormOutputs, UpsampledOutputs;

        public FeatureMap Convolve(ConvolutionLayer layer, FeatureMap x, FeatureMap? plus = null)
        {
            var y = new FeatureMap(layer.OutChannels, x.Side / layer.Stride);
            long weights = (long)layer.InChannels * layer.OutChannels * layer.Kernel * layer.Kernel;
            Parameters += weights + (layer.HasBias ? 3 : 2) * (long)layer.OutChannels; // a scale and a shift of the batch norm
            MultiplyAdds += weights * y.Side * y.Side;
            BatchNormOutputs += y.Count;
            return y;
        }

        public FeatureMap Add(string name, FeatureMap x, FeatureMap y) => x;

        public FeatureMap AddUpsampled(string name, FeatureMap sum, FeatureMap low, int factor, bool relu, bool mayOverwrite)
        {
            UpsampledOutputs += sum.Count;
            return sum;
        }

        // What enters the pooling: the classifier is added to the sums with the number of classes.
        public FeatureMap Classify(FeatureMap features) => features;

        public void Release(FeatureMap value)
        {
        }
    }
}
