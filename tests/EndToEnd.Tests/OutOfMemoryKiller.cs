using System.Globalization;
using HrNetBatch.TestKit;

namespace HrNetBatch.EndToEnd.Tests;

/// <summary>Kills the processes of attempts that take more memory than this, as the kernel does in a container.</summary>
internal sealed class OutOfMemoryKiller : IAsyncDisposable
{
    private const int PageBytes = 4096;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<int> _killed = [];
    private readonly Task _watching;

    /// <param name="worker">The worker whose attempts are watched.</param>
    /// <param name="limitBytes">Memory that one may have.</param>
    public OutOfMemoryKiller(int worker, long limitBytes) => _watching = Task.Run(() => WatchAsync(worker, limitBytes));

    /// <summary>How many it killed.</summary>
    public int KillCount => _killed.Count;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(int worker, long limitBytes)
    {
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        while (!_stop.IsCancellationRequested)
        {
            foreach (int child in ChildrenOf(worker).Where(child => MemoryOf(child) > limitBytes && !_killed.Contains(child)))
            {
                ProgramProcess.Kill(child);
                _killed.Add(child);
            }
            try
            {
                await timer.WaitForNextTickAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private static int[] ChildrenOf(int process)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{process}/task").SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    // Its own memory, without what it shares with others, such as the files of libraries.
    private static long MemoryOf(int process)
    {
        try
        {
            string[] pages = File.ReadAllText($"/proc/{process}/statm").Split(' ');
            return (long.Parse(pages[1], CultureInfo.InvariantCulture) - long.Parse(pages[2], CultureInfo.InvariantCulture)) * PageBytes;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
        {
            return 0;
        }
    }
}
