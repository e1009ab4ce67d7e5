using System.Globalization;

namespace HrNetBatch.Model.Imaging;

/// <summary>
/// The memory that all decoders of a process share. An image takes what decoding it needs at most before anything of it is decoded, and
/// waits where that is not free: large ones wait for each other, small ones pass them. One that needs more than there is at all is
/// refused. Thread-safe.
/// </summary>
/// <param name="totalBytes">How much there is.</param>
public sealed class DecodingBudget(long totalBytes)
{
    // As many may pass one that waits; then it is its turn, whatever comes after it.
    private const int MostPassing = 64;

    // Whatever is larger does not pass.
    private const int SmallShare = 32;

    // Below this nothing is worth refusing: the process itself takes more.
    private const long LeastBytes = 128 << 20;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting> _waiting = [];
    private long _freeBytes = totalBytes;
    private int _passedCount;

    /// <summary>The budget of this process: half of the memory that the machine, or the container, gives it, unless <see cref="LimitProcess"/> says otherwise.</summary>
    public static DecodingBudget OfProcess { get; private set; } = new(OfMachine());

    /// <summary>How much there is.</summary>
    public long TotalBytes { get; } = totalBytes;

    /// <summary>How much of it nobody has taken.</summary>
    public long FreeBytes
    {
        get
        {
            lock (_lock)
                return _freeBytes;
        }
    }

    /// <summary>How many images wait for some of it.</summary>
    internal int WaitingCount
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Sets the budget of this process; call it before anything is decoded.</summary>
    public static void LimitProcess(long bytes) => OfProcess = new DecodingBudget(bytes);

    /// <summary>Takes memory for an image, and waits until it is free.</summary>
    /// <param name="bytes">What decoding takes at most, the pixels included.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ImageException">It is more than the whole budget.</exception>
    internal Admission Admit(long bytes, CancellationToken cancellation)
    {
        if (bytes > TotalBytes)
            throw new ImageException(string.Create(CultureInfo.InvariantCulture,
                $"the image is too large for this process: decoding it takes {Megabytes(bytes)} MB, and {Megabytes(TotalBytes)} MB are set aside for that. Give it more memory, or more of it (HrNetBatch:Decoding:MemoryBytes)"));
        var waiting = new Waiting(bytes);
        lock (_lock)
        {
            _waiting.AddLast(waiting);
            Grant();
        }
        try
        {
            waiting.Granted.Wait(cancellation);
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
            {
                if (!_waiting.Remove(waiting))
                    _freeBytes += bytes;   // it was granted in this moment
                Grant();
            }
            throw;
        }
        return new Admission(this, bytes);
    }

    /// <summary>Gives memory back.</summary>
    internal void Return(long bytes)
    {
        lock (_lock)
        {
            _freeBytes += bytes;
            Grant();
        }
    }

    // In the order of their coming; past one that does not fit yet only small ones, and not for ever.
    private void Grant()
    {
        for (LinkedListNode<Waiting>? node = _waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            bool isFirst = node.Previous is null;
            if (node.Value.Bytes > _freeBytes || (!isFirst && (node.Value.Bytes > TotalBytes / SmallShare || _passedCount >= MostPassing)))
                continue;
            _passedCount = isFirst ? 0 : _passedCount + 1;
            _freeBytes -= node.Value.Bytes;
            _waiting.Remove(node);
            node.Value.Granted.Release();
        }
    }

    // What a container is limited to is what .NET says there is.
    private static long OfMachine() => Math.Max(LeastBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString(bytes < 10_000_000 ? "0.#" : "0", CultureInfo.InvariantCulture);

    private sealed class Waiting(long bytes)
    {
        public long Bytes => bytes;

        public SemaphoreSlim Granted { get; } = new(0, 1);
    }
}
