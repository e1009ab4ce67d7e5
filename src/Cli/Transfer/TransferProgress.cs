using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs;
using Spectre.Console;

namespace HrNetBatch.Cli.Transfer;

/// <summary>Counts files and bytes as they are done, from many tasks at once.</summary>
internal sealed class TransferProgress(long fileCount, long totalBytes)
{
    private long _doneCount;
    private long _doneBytes;

    /// <summary>Notes a finished file.</summary>
    public void Add(long bytes)
    {
        Interlocked.Increment(ref _doneCount);
        Interlocked.Add(ref _doneBytes, bytes);
    }

    /// <summary>Shows a bar with rate and time left while the work runs.</summary>
    public async Task ShowAsync(string what, Task work)
    {
        if (!Screen.IsLive)
        {
            await work;
            return;
        }
        var rate = new RateMeter(TimeProvider.System);
        await Screen.Aside.Live(new Text("")).AutoClear(true).StartAsync(async live =>
        {
            do
            {
                long bytes = Interlocked.Read(ref _doneBytes);
                rate.Note(bytes);
                live.UpdateTarget(new Text(Line(what, bytes, rate)));
                await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, CancellationToken.None));
            }
            while (!work.IsCompleted);
        });
        await work;
    }

    private string Line(string what, long bytes, RateMeter rate)
    {
        int filled = totalBytes == 0 ? 0 : (int)(24 * bytes / totalBytes);
        string line = $"{what} {new string('━', filled)}{new string('─', 24 - filled)} {Words.Count(Interlocked.Read(ref _doneCount))} of {Words.Count(fileCount)}  "
            + $"{Words.Bytes(bytes)} of {Words.Bytes(totalBytes)}";
        if (rate.PerSecond is { } perSecond) line += $"  {Words.Bytes(perSecond)}/s";
        return rate.Left(totalBytes - bytes) is { } left ? $"{line}  {Words.Duration(left)} left" : line;
    }
}
