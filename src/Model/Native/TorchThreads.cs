using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Native;

/// <summary>Threads of our own that run networks, each with so many threads of libtorch's.</summary>
/// <remarks>
/// libtorch's number of threads belongs to the thread that set it; each thread that calls it gets a team of OpenMP threads, and its memory
/// from a pool that keeps what was freed. On whichever thread of .NET's pool is free, both would be there many times over.
/// </remarks>
internal sealed class TorchThreads : IDisposable
{
    private static readonly Lock OneAtATime = new();

    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread[] _threads;

    /// <summary>Starts the threads.</summary>
    /// <param name="count">How many batches run at once.</param>
    /// <param name="threadsEach">libtorch's threads in each of them.</param>
    internal TorchThreads(int count, int threadsEach)
    {
        using var ready = new CountdownEvent(count);
        _threads = [.. Enumerable.Range(0, count).Select(i => new Thread(() => Run(threadsEach, ready)) { IsBackground = true, Name = $"torch {i}" })];
        lock (OneAtATime)
        {
            int others = get_num_threads();
            foreach (Thread thread in _threads)
                thread.Start();
            ready.Wait();
            set_num_threads(others); // a thread that meets libtorch for the first time takes the number that was set last, whoever set it
        }
    }

    /// <summary>How many batches run at once.</summary>
    internal int Count => _threads.Length;

    /// <summary>Runs <paramref name="work"/> on the next free thread.</summary>
    internal Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            if (cancellationToken.IsCancellationRequested)
            {
                result.SetCanceled(cancellationToken);
                return;
            }
            try
            {
                result.SetResult(work());
            }
#pragma warning disable CA1031 // whatever it is, the caller gets it
            catch (Exception error)
#pragma warning restore CA1031
            {
                result.SetException(error);
            }
        }, CancellationToken.None);
        return result.Task;
    }

    /// <summary>Ends the threads once they have finished what was asked for.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (Thread thread in _threads)
            thread.Join();
        _work.Dispose();
    }

    private void Run(int threads, CountdownEvent ready)
    {
        set_num_threads(threads);
        _ = get_num_threads(); // libtorch sets a thread up at its first use
        ready.Signal();
        foreach (Action work in _work.GetConsumingEnumerable())
            work();
    }
}
