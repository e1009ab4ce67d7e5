namespace HrNetBatch.Kinds.Classify;

/// <summary>Lets blobs into memory up to a number of bytes, in the order of their coming. Thread-safe.</summary>
/// <param name="totalBytes">At most so many; a larger blob is let in alone.</param>
internal sealed class ByteGate(long totalBytes) : IDisposable
{
    private const int StepBytes = 1 << 20;

    private readonly int _totalSteps = Steps(totalBytes);
    private readonly SemaphoreSlim _free = new(Steps(totalBytes)), _turn = new(1);

    /// <summary>Waits until there is room.</summary>
    /// <returns>What <see cref="Leave"/> gives back.</returns>
    public async Task<int> EnterAsync(long bytes, CancellationToken cancellation)
    {
        var steps = Math.Min(Steps(bytes), _totalSteps);
        // One takes its room at a time: two that each had half of theirs would wait for each other.
        await _turn.WaitAsync(cancellation);
        try
        {
            for (var taken = 0; taken < steps; taken++) await _free.WaitAsync(cancellation);
        }
        finally
        {
            _turn.Release();
        }
        return steps;
    }

    /// <summary>Gives room back.</summary>
    public void Leave(int steps) => _free.Release(steps);

    public void Dispose()
    {
        _free.Dispose();
        _turn.Dispose();
    }

    private static int Steps(long bytes) => (int)Math.Max(1, (bytes + StepBytes - 1) / StepBytes);
}
