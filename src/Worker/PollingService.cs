using Microsoft.Extensions.Hosting;

namespace HrNetBatch.Worker;

/// <summary>
/// A step that is made again and again while the worker runs, whatever it throws. Of failures in a row the first is told, and the first success
/// after them; meanwhile the pauses grow.
/// </summary>
internal abstract class PollingService(TimeProvider time) : BackgroundService
{
    private const int MostDoublings = 16;
    private static readonly Task Never = new TaskCompletionSource().Task;

    /// <summary>From the end of a step to the next.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>The longest pause after failures; by default they are no longer than others.</summary>
    protected virtual TimeSpan LongestPause => Interval;

    /// <summary>Ends the pause before its time. It is asked for before the step, so that what comes during one is not missed.</summary>
    protected virtual Task Sooner => Never;

    /// <summary>Makes the step.</summary>
    /// <returns>Whether there will be another.</returns>
    protected abstract Task<bool> StepAsync(CancellationToken stop);

    /// <summary>Tells that steps fail from now on.</summary>
    protected abstract void TellAway(Exception error);

    /// <summary>Tells that they succeed again.</summary>
    protected abstract void TellBack();

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int failureCount = 0;
        bool goesOn = true;
        while (goesOn)
        {
            Task sooner = Sooner;
            try
            {
                goesOn = await StepAsync(stoppingToken);
                if (failureCount > 0)
                    TellBack();
                failureCount = 0;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                if (failureCount++ == 0)
                    TellAway(error);
            }
            if (goesOn)
                await PauseAsync(failureCount, sooner, stoppingToken);
        }
    }

    private async Task PauseAsync(int failureCount, Task sooner, CancellationToken stop)
    {
        TimeSpan grown = Interval * Math.Pow(2, Math.Min(failureCount, MostDoublings));
        TimeSpan pause = failureCount == 0 || LongestPause <= Interval ? Interval : grown < LongestPause ? grown : LongestPause;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(Task.Delay(pause, time, over.Token), sooner);
        await over.CancelAsync(); // the timer, where the pause ended sooner
        stop.ThrowIfCancellationRequested();
    }
}
