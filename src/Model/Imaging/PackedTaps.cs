namespace HrNetBatch.Model.Imaging;

/// <summary>
/// A filter's weights as the kernels take them: groups of four taps that lie side by side, each group as four integers with the
/// 15 low and the upper bits of two 22-bit weights apart, since the multiply-add of 16-bit pairs is the fastest there is.
/// </summary>
internal readonly struct PackedTaps
{
    /// <summary>Taps in a group.</summary>
    public const int GroupSize = 4;

    /// <summary>Integers that describe a group: low and high parts of taps 0 and 1, then of taps 2 and 3.</summary>
    public const int IntegersPerGroup = 4;

    /// <summary>Bits in the low part; with a sign bit they fill 16.</summary>
    public const int LowBits = 15;

    /// <summary>Groups of every output.</summary>
    public int GroupCount { get; private init; }

    /// <summary>Input position of the first tap of each output's first group.</summary>
    public int[] Starts { get; private init; }

    /// <summary><see cref="GroupCount"/> × <see cref="IntegersPerGroup"/> integers an output.</summary>
    public int[] Weights { get; private init; }

    /// <summary>Packs a filter.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="origin">Input position that is called 0.</param>
    /// <param name="inputSize">Inputs from there on; groups reach behind the last by less than a group.</param>
    /// <param name="alignment">Groups start at multiples of it.</param>
    public static PackedTaps Create(in TriangleFilter filter, int origin, int inputSize, int alignment)
    {
        int outputs = filter.First.Length;
        int groups = 0;
        for (int output = 0; output < outputs; output++)
        {
            int behindStart = (filter.First[output] - origin) % alignment;
            groups = Math.Max(groups, (behindStart + filter.Count[output] + GroupSize - 1) / GroupSize);
        }
        var packed = new PackedTaps { GroupCount = groups, Starts = new int[outputs], Weights = new int[outputs * groups * IntegersPerGroup] };
        int latest = Math.Max((inputSize + alignment - 1) / alignment * alignment - (groups * GroupSize), 0);
        for (int output = 0; output < outputs; output++)
        {
            int first = filter.First[output] - origin;
            int start = Math.Min(first / alignment * alignment, latest);
            packed.Starts[output] = start;
            for (int tap = 0; tap < filter.Count[output]; tap++)
                packed.Put(output, first - start + tap, filter.Weights[(output * filter.TapCapacity) + tap]);
        }
        return packed;
    }

    /// <summary>The weights of two neighbouring taps again.</summary>
    public static (int First, int Second) Unpack(int low, int high)
        => ((low & 0xFFFF) | ((high & 0xFFFF) << LowBits), (low >>> 16) | ((high >>> 16) << LowBits));

    private void Put(int output, int place, int weight)
    {
        int at = (((output * GroupCount) + (place / GroupSize)) * IntegersPerGroup) + (place % GroupSize / 2 * 2);
        int half = place % 2 * 16;
        Weights[at] |= (weight & ((1 << LowBits) - 1)) << half;
        Weights[at + 1] |= (weight >> LowBits) << half;
    }
}
