using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Stack;

/// <summary>Restarts a part of the stack whenever it dies, waiting longer each time it dies again soon.</summary>
internal sealed class KeptAlive(string name, string logFile, Func<CancellationToken, Task> untilItDies, Func<CancellationToken, Task> restart)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Healthy = TimeSpan.FromMinutes(2);

    /// <summary>Runs until cancelled; never gives up, because jobs wait for the part and what ails it may pass.</summary>
    public async Task RunAsync(IProgress<string> report, TimeProvider time, CancellationToken stop)
    {
        TimeSpan pause = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            long started = time.GetTimestamp();
            try
            {
                await untilItDies(stop);
                if (time.GetElapsedTime(started) > Healthy) pause = TimeSpan.Zero;
                report.Report($"{name} ended; starting it again{(pause > TimeSpan.Zero ? $" in {pause.TotalSeconds:0} s" : "")}. The end of {logFile}:\n{ChildProcess.LastLines(logFile, 5)}");
                await Task.Delay(pause, time, stop);
                pause = TimeSpan.FromSeconds(Math.Clamp(pause.TotalSeconds * 2, 1, LongestPause.TotalSeconds));
                await restart(stop);
            }
            catch (LocalStackException exception)
            {
                report.Report(exception.Message);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
