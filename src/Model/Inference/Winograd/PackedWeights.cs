namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>Matrices of weights laid out for the kernels: for each block of output channels [taps, depth, channels of the block]; and the bias.</summary>
internal sealed unsafe class PackedWeights : IDisposable
{
    private const int PartBytes = 14 * 1024; // of 32 KiB at least, beside the rows

    private readonly NativeFloats _weights, _bias;
    private readonly int _depth;

    /// <summary>Packs weights.</summary>
    /// <param name="outChannels">Channels that leave.</param>
    /// <param name="taps">Matrices.</param>
    /// <param name="depth">Channels that enter.</param>
    /// <param name="read">Gives the weights of one output and one input channel: one for each tap.</param>
    /// <param name="bias">[outChannels].</param>
    internal PackedWeights(int outChannels, int taps, int depth, TapReader read, ReadOnlySpan<float> bias)
    {
        _depth = depth;
        Vectors = Blocks.Of(outChannels);
        int padded = Vectors.Sum() * Blocks.Lanes;
        _weights = new NativeFloats((long)padded * taps * depth);
        _bias = new NativeFloats(padded);
        bias.CopyTo(new Span<float>(_bias.First, padded));

        Span<float> values = stackalloc float[taps];
        float* block = _weights.First;
        int first = 0;
        foreach (int vectors in Vectors)
        {
            int width = vectors * Blocks.Lanes;
            for (int o = 0; o < width && first + o < outChannels; o++)
            {
                for (int k = 0; k < depth; k++)
                {
                    read(first + o, k, values);
                    for (int tap = 0; tap < taps; tap++)
                        block[((nint)tap * depth + k) * width + o] = values[tap];
                }
            }
            block += (nint)taps * depth * width;
            first += width;
        }
    }

    /// <summary>Gives the weights of an output and an input channel, one for each tap.</summary>
    internal delegate void TapReader(int output, int input, Span<float> taps);

    /// <summary>Vectors of each block.</summary>
    internal int[] Vectors { get; }

    /// <summary>The bias of all blocks, one after the other.</summary>
    internal float* Bias => _bias.First;

    /// <summary>The first weight of all blocks, one after the other.</summary>
    internal float* First => _weights.First;

    /// <summary>Multiplies the workspace's rows with some taps of one block of channels, in parts whose weights stay in the first-level cache.</summary>
    /// <param name="workspace">Its rows are filled up.</param>
    /// <param name="count">How many rows.</param>
    /// <param name="taps">Where each tap lies, from the row's first value.</param>
    /// <param name="tapCount">How many.</param>
    /// <param name="vectors">Of the block.</param>
    /// <param name="weights">The block's of the first tap.</param>
    /// <param name="bias">The block's.</param>
    /// <param name="channel">The block's first.</param>
    /// <param name="adds">Whether the workspace says what is added.</param>
    /// <param name="relu">Whether negative sums become 0.</param>
    internal void Multiply(
        Workspace workspace, int count, nint* taps, int tapCount, int vectors, float* weights, float* bias, int channel, bool adds, bool relu)
    {
        int rows = vectors == 3 ? Kernels.RowsOfThree : Kernels.RowsOfTwo, width = vectors * Blocks.Lanes;
        int most = PartBytes / sizeof(float) / width, tapsAtOnce = Math.Max(1, most / _depth), depthAtOnce = tapsAtOnce > 1 ? _depth : Math.Min(_depth, most);
        nint* offsets = stackalloc nint[tapCount];
        for (int tap = 0; tap < tapCount; tap += tapsAtOnce)
        {
            for (int from = 0; from < _depth; from += depthAtOnce)
            {
                int tapsNow = Math.Min(tapsAtOnce, tapCount - tap), depthNow = Math.Min(depthAtOnce, _depth - from);
                bool isFirst = tap == 0 && from == 0, isLast = tap + tapsNow == tapCount && from + depthNow == _depth;
                for (int i = 0; i < tapsNow; i++)
                    offsets[i] = taps[tap + i] + from;
                for (int i = 0; i < count; i += rows)
                {
                    Kernels.Multiply(vectors, workspace.Rows + i, offsets, tapsNow, depthNow, weights + ((nint)tap * _depth + from) * width,
                        isFirst ? bias : null, workspace.Results + i, isLast && adds ? workspace.Plus + i : null, channel, isLast && relu);
                }
            }
        }
    }

    public void Dispose()
    {
        _weights.Dispose();
        _bias.Dispose();
    }
}
