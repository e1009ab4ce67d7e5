using HrNetBatch.Model.Architecture;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>A convolution as sums of products: of one pixel, or of a 3×3 square where the size is halved.</summary>
internal sealed unsafe class DirectConvolution : Convolution
{
    private const int ChunkBytes = 128 * 1024; // of input, which stays in the cache from one block of channels to the next

    private readonly PackedWeights _weights;

    /// <summary>Packs weights.</summary>
    /// <param name="layer">Any kernel and stride.</param>
    /// <param name="weights">[out, in, k, k].</param>
    /// <param name="bias">[out].</param>
    internal DirectConvolution(ConvolutionLayer layer, float[] weights, float[] bias) : base(layer)
    {
        int taps = layer.Kernel * layer.Kernel;
        _weights = new PackedWeights(layer.OutChannels, taps, layer.InChannels, (o, k, values) => weights.AsSpan((o * layer.InChannels + k) * taps, taps).CopyTo(values), bias);
    }

    internal override void Apply(Workspace workspace, FeatureMap x, FeatureMap? plus, FeatureMap result)
    {
        int tapCount = Layer.Kernel * Layer.Kernel;
        nint* taps = stackalloc nint[tapCount];
        for (int tap = 0; tap < tapCount; tap++)
            taps[tap] = (tap / Layer.Kernel - Layer.Padding) * x.RowStride + (tap % Layer.Kernel - Layer.Padding) * (nint)x.PixelStride;

        int total = result.Count * result.Height * result.Width;
        int chunk = Math.Clamp(ChunkBytes / sizeof(float) / Layer.InChannels, 96, Workspace.RowCount) / 12 * 12; // whole kernels of either kind
        (int image, int y, int column) at = (0, 0, 0);
        for (int first = 0; first < total; first += chunk)
        {
            int count = Math.Min(chunk, total - first);
            for (int i = 0; i < count; i++)
            {
                workspace.Rows[i] = x.Pixel(at.image, at.y * Layer.Stride, at.column * Layer.Stride);
                workspace.Results[i] = result.Pixel(at.image, at.y, at.column);
                if (plus is not null)
                    workspace.Plus[i] = plus.Pixel(at.image, at.y, at.column);
                if (++at.column == result.Width)
                    at = ++at.y == result.Height ? (at.image + 1, 0, 0) : (at.image, at.y, 0);
            }
            workspace.FillRows(count, result.PixelStride);
            Multiply(workspace, count, taps, tapCount, plus is not null);
        }
    }

    private void Multiply(Workspace workspace, int count, nint* taps, int tapCount, bool adds)
    {
        float* block = _weights.First;
        int channel = 0;
        foreach (int vectors in _weights.Vectors)
        {
            int width = vectors * Blocks.Lanes;
            _weights.Multiply(workspace, count, taps, tapCount, vectors, block, _weights.Bias + channel, channel, adds, Layer.HasRelu);
            block += (nint)tapCount * Layer.InChannels * width;
            channel += width;
        }
    }

    public override void Dispose() => _weights.Dispose();
}
