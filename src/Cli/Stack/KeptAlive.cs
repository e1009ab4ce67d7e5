using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Stack;

/// <summary>Restarts a part of the stack whenever it dies, waiting longer each time it dies again soon.</summary>
internal sealed class KeptAlive(string name, string logFile, Func<CancellationToken, Task> untilItDies, Func<CancellationToken, Task> restart)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(2);

    /// <summary>Runs until cancelled; gives up over no error, because jobs wait for the part and what ails it may pass (a full disk, no memory).</summary>
    public async Task RunAsync(IProgress<string> report, TimeProvider time, CancellationToken stop)
    {
        TimeSpan pause = TimeSpan.Zero;
        try
        {
            while (true)
            {
                long started = time.GetTimestamp();
                await untilItDies(stop);
                if (time.GetElapsedTime(started) > Healthy) pause = TimeSpan.Zero;
                report.Report($"{name} ended; starting it again{(pause > TimeSpan.Zero ? $" in {pause.TotalSeconds:0} s" : "")}. The end of {logFile}:\n{ChildProcess.LastLines(logFile, 5)}");
                pause = await PauseAsync(pause);
                while (!await RestartsAsync()) pause = await PauseAsync(pause);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }

        async Task<bool> RestartsAsync()
        {
            try
            {
                await restart(stop);
                return true;
            }
            catch (Exception exception) when (!stop.IsCancellationRequested)
            {
                string reason = exception is LocalStackException ? exception.Message : $"{name} could not be started again: {Explanation.Of(exception).Message}";
                report.Report($"{reason}\nTrying again in {pause.TotalSeconds:0} s.");
                return false;
            }
        }

        // Returns how long the next one is.
        async Task<TimeSpan> PauseAsync(TimeSpan length)
        {
            await Task.Delay(length, time, stop);
            return TimeSpan.FromSeconds(Math.Clamp(length.TotalSeconds * 2, 1, LongestPause.TotalSeconds));
        }
    }
}
