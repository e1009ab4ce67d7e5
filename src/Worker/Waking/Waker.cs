using Hangfire;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Hosting;
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
    ILogger<Waker> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        bool failing = false;
        Task<bool> turn = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        while (true)
        {
            Task sooner = signal.Next;
            try
            {
                await TickAsync(stoppingToken);
                if (failing)
                    LogBack(logger);
                failing = false;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                if (!failing)
                    LogAway(logger, error, options.Value.Interval); // once, not every second
                failing = true;
            }
            if (await Task.WhenAny(turn, sooner) != turn)
                continue;
            if (!await turn)
                return;
            turn = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        }
    }

    private async Task TickAsync(CancellationToken cancellation)
    {
        foreach (LostAttempt lost in await leases.ExpireAsync(cancellation))
            LogLost(logger, lost.JobId, lost.Number, lost.Lane, lost.Worker);

        await strays.ForgetAsync(cancellation);
        foreach (JobKind kind in served.Kinds)
        {
            foreach (Wake wake in await wakes.TakeWantedAsync(kind.Name, cancellation: cancellation))
                await CallAsync(wake, cancellation);
        }
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
