namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Weights of PIL's bilinear (triangle) filter along one axis, for a window of the output: libImaging's precompute_coeffs and
/// normalize_coeffs_8bpc, in the same double arithmetic, so that every weight is the same integer.
/// </summary>
internal readonly struct TriangleFilter
{
    /// <summary>Fraction bits of a weight.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    /// <summary>Half of the last place, added before the shift.</summary>
    public const int Rounding = 1 << (PrecisionBits - 1);

    /// <summary>First input pixel of each output pixel of the window.</summary>
    public int[] First { get; private init; }

    /// <summary>Number of input pixels of each output pixel.</summary>
    public int[] Count { get; private init; }

    /// <summary>Weights, <see cref="TapCapacity"/> an output pixel, zero behind the last.</summary>
    public int[] Weights { get; private init; }

    /// <summary>Room for weights in each output pixel.</summary>
    public int TapCapacity { get; private init; }

    /// <summary>Weights for output pixels [start, start + count) of an axis resized from inputSize to outputSize.</summary>
    public static TriangleFilter Create(int inputSize, int outputSize, int start, int count)
    {
        double scale = (double)inputSize / outputSize;
        double support = Math.Max(scale, 1.0);
        int capacity = ((int)Math.Ceiling(support) * 2) + 1;
        var filter = new TriangleFilter
        {
            First = new int[count],
            Count = new int[count],
            Weights = new int[count * capacity],
            TapCapacity = capacity,
        };
        double inverse = 1.0 / support;
        var weights = new double[capacity];
        for (int output = 0; output < count; output++)
        {
            double center = (start + output + 0.5) * scale;
            int first = Math.Max((int)(center - support + 0.5), 0);
            int taps = Math.Min((int)(center + support + 0.5), inputSize) - first;
            double sum = 0;
            for (int tap = 0; tap < taps; tap++)
            {
                double distance = Math.Abs((tap + first - center + 0.5) * inverse);
                weights[tap] = distance < 1.0 ? 1.0 - distance : 0.0;
                sum += weights[tap];
            }
            for (int tap = 0; tap < taps; tap++)
            {
                double weight = sum != 0.0 ? weights[tap] / sum : weights[tap];
                filter.Weights[(output * capacity) + tap] = (int)(0.5 + (weight * (1 << PrecisionBits)));
            }
            filter.First[output] = first;
            filter.Count[output] = taps;
        }
        return filter;
    }
}
