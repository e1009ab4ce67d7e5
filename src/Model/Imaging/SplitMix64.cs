namespace HrNetBatch.Model.Imaging;

/// <summary>
/// Seeded random numbers that are the same on every machine and version: SplitMix64 (Steele, Lea, Flood 2014). A stream is named by
/// a few integers, so that what happens to a sample is a function of (seed, epoch, index) and of nothing that happened before.
/// </summary>
public struct SplitMix64
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state;

    private SplitMix64(ulong state) => _state = state;

    /// <summary>The stream that belongs to these integers, in this order.</summary>
    public static SplitMix64 For(params ReadOnlySpan<long> name)
    {
        ulong state = 0;
        foreach (long part in name)
            state = Mix(state + Golden + (ulong)part);
        return new SplitMix64(state);
    }

    /// <summary>The stream of the published algorithm with this state, to hold it against its reference.</summary>
    internal static SplitMix64 FromState(ulong state) => new(state);

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        _state += Golden;
        return Mix(_state);
    }

    /// <summary>A number in [0, 1), 53 random bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number in [from, to).</summary>
    public double NextDouble(double from, double to) => from + (NextDouble() * (to - from));

    /// <summary>A whole number in [0, bound); the bias of at most bound / 2⁶⁴ is beyond measuring.</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(Next(), (ulong)bound, out _);
    }

    private static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
