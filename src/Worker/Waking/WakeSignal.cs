namespace HrNetBatch.Worker.Waking;

/// <summary>Tells the waker of this worker that the ledger has something new, so that it looks before its next turn.</summary>
internal sealed class WakeSignal
{
    private TaskCompletionSource _next = NewSource();

    /// <summary>Ends with the next <see cref="Set"/>. Ask before looking at the ledger: what comes meanwhile is not missed then.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>There is something new.</summary>
    public void Set() => Interlocked.Exchange(ref _next, NewSource()).TrySetResult();

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
