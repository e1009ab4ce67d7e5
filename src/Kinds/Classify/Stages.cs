using System.Runtime.ExceptionServices;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Work that runs side by side and ends together.</summary>
internal static class Stages
{
    /// <summary>Runs the stages until all have ended; when one fails the others are stopped, and its failure, the first, is thrown.</summary>
    public static async Task RunAsync(CancellationToken stop, params IEnumerable<Func<CancellationToken, Task>> stages)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ExceptionDispatchInfo? first = null;
        await Task.WhenAll(stages.Select(stage => Task.Run(() => GuardedAsync(stage), CancellationToken.None)));
        first?.Throw();

        async Task GuardedAsync(Func<CancellationToken, Task> stage)
        {
            try
            {
                await stage(together.Token);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(e), null);
                await together.CancelAsync();
            }
        }
    }
}
