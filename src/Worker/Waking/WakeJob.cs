using Hangfire;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Worker.Attempts;
using Microsoft.Extensions.Logging;

namespace HrNetBatch.Worker.Waking;

/// <summary>
/// All that Hangfire ever runs for a job: a knock on the door. It carries the job's id and nothing else, and may be lost, doubled
/// or late without harm; what there is to do stands in the ledger.
/// </summary>
public sealed partial class WakeJob(AttemptSupervisor supervisor, WakeStore wakes, ILogger<WakeJob> logger)
{
    /// <summary>Runs an attempt if the job has a lane to claim.</summary>
    /// <remarks>
    /// Hangfire's own cancellation token is not taken: it also fires when Hangfire believes that this server is dead, and only
    /// the lease may decide that. A failed wake is not retried: the waker issues a new one.
    /// </remarks>
    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task WakeAsync(Guid jobId)
    {
        try
        {
            if (await supervisor.RunAsync(jobId))
                return;
            // Stopping, or every GPU is busy: without this, nobody would be called before the patience for strays ends.
            foreach (Wake wake in await wakes.ListStaleAsync(TimeSpan.Zero))
            {
                if (wake.JobId == jobId)
                    await wakes.ForgetAsync(wake);
            }
        }
        catch (Exception error)
        {
            LogFailed(logger, error, jobId);
            throw;
        }
    }

    [LoggerMessage(124, LogLevel.Error, "Job {Job}: the worker could not run it. It is called again; an attempt that was begun is taken over when its lease expires")]
    private static partial void LogFailed(ILogger logger, Exception error, Guid job);
}
