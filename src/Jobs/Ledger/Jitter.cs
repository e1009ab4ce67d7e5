namespace HrNetBatch.Jobs.Ledger;

/// <summary>The randomness of back-offs; safe for many threads.</summary>
/// <param name="seed">Seed; differs between processes in production, fixed in tests.</param>
public sealed class Jitter(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    /// <summary>The next number, 0 to 1.</summary>
    public double Next()
    {
        lock (_gate)
            return _random.NextDouble();
    }
}
