using Hangfire;
using HrNetBatch.Worker.Attempts;

namespace HrNetBatch.Worker.Waking;

/// <summary>
/// All that Hangfire ever runs for a job: a knock on the door. It carries the job's id and nothing else, and may be lost, doubled
/// or late without harm; what there is to do stands in the ledger.
/// </summary>
public sealed class WakeJob(AttemptSupervisor supervisor)
{
    /// <summary>Runs an attempt if the job has a lane to claim.</summary>
    /// <remarks>
    /// Hangfire's own cancellation token is not taken: it also fires when Hangfire believes that this server is dead, and only
    /// the lease may decide that. Failed wakes are deleted, not retried: the waker issues new ones.
    /// </remarks>
    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public Task WakeAsync(Guid jobId) => supervisor.RunAsync(jobId);
}
