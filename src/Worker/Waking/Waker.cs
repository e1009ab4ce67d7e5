using Hangfire;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Waking;

/// <summary>Calls a worker, through Hangfire, for every lane that wants one, and ends what dead workers left behind.</summary>
internal sealed partial class Waker(
    LeaseStore leases,
    WakeStore wakes,
    StrayWakes strays,
    ServedKinds served,
    IBackgroundJobClient hangfire,
    WakeSignal signal,
    IOptions<WakingOptions> options,
    TimeProvider time,
    ILogger<Waker> logger) : PollingService(time)
{
    protected override TimeSpan Interval => options.Value.Interval;

    protected override Task Sooner => signal.Next;

    protected override void TellAway(Exception error) => LogAway(logger, error, Interval);

    protected override void TellBack() => LogBack(logger);

    protected override async Task<bool> StepAsync(CancellationToken stop)
    {
        foreach (LostAttempt lost in await leases.ExpireAsync(stop))
            LogLost(logger, lost.JobId, lost.Number, lost.Lane, lost.Worker);

        await strays.ForgetAsync(stop);
        foreach (JobKind kind in served.Kinds)
        {
            foreach (Wake wake in await wakes.TakeWantedAsync(kind.Name, cancellation: stop))
                await CallAsync(wake, stop);
        }
        return true;
    }

    private async Task CallAsync(Wake wake, CancellationToken cancellation)
    {
        // 1. The call is noted, so no other worker makes it. A crash here loses it: after the patience for strays it is made again.
        string id = hangfire.Enqueue<WakeJob>(wake.Kind, job => job.WakeAsync(wake.JobId));

        // 2. A crash here leaves a call whose carrier is unknown: if it leads to no claim, another is made. Two calls do no harm.
        await wakes.SetHangfireIdAsync(wake, id, cancellation);
    }

    [LoggerMessage(120, LogLevel.Warning, "Job {Job}: attempt {Attempt} on lane {Lane} lost its lease, worker {Worker} died or hung. Any worker takes over now")]
    private static partial void LogLost(ILogger logger, Guid job, int attempt, int lane, string worker);

    [LoggerMessage(121, LogLevel.Error, "The ledger does not answer; no job starts until it does. Trying again every {Interval}")]
    private static partial void LogAway(ILogger logger, Exception error, TimeSpan interval);

    [LoggerMessage(122, LogLevel.Information, "The ledger answers again")]
    private static partial void LogBack(ILogger logger);
}
