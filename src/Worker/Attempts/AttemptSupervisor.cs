using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Worker.Devices;
using HrNetBatch.Worker.Protocol;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Attempts;

/// <summary>Runs one attempt of a job from its claim to its outcome, the work itself in a process of its own.</summary>
public sealed partial class AttemptSupervisor(
    JobStore jobs,
    JobKinds kinds,
    LeaseStore leases,
    DevicePool devices,
    AttemptCommand command,
    WorkerIdentity worker,
    IOptions<LedgerOptions> ledger,
    IOptions<SupervisionOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILoggerFactory loggers)
{
    private static readonly TimeSpan EndRetryInterval = TimeSpan.FromSeconds(1);

    private readonly ILogger _logger = loggers.CreateLogger<AttemptSupervisor>();
    private readonly SupervisionOptions _options = options.Value;

    /// <summary>Claims a lane of the job, if one is to be had, and runs an attempt on it to its end.</summary>
    /// <returns>False when this worker cannot take the job now, and another should.</returns>
    public async Task<bool> RunAsync(Guid jobId)
    {
        CancellationToken stopping = lifetime.ApplicationStopping;
        if (stopping.IsCancellationRequested)
            return false;
        if (await jobs.FindAsync(jobId, CancellationToken.None) is not { } job)
            return true;
        using DeviceHold? device = kinds.Get(job.Kind).NeedsDevice ? await devices.AcquireAsync(stopping) : DevicePool.Processor;
        if (device is null)
            return false;

        // 1. From the claim on, this worker alone may write for the lane. A crash before it costs nothing: the wake is issued
        //    again. A crash after it costs the rest of the lease: then any worker takes the lane over.
        long claimedAt = time.GetTimestamp();
        if (await leases.ClaimAsync(jobId, worker.Name, device.Device, CancellationToken.None) is not { } lease)
            return true; // a wake may be doubled or late without harm

        LogClaimed(_logger, lease.Kind, lease.JobId, lease.Attempt, lease.Lane, device.Device);
        await RunAsync(lease, job, claimedAt, device.Device, stopping);
        return true;
    }

    private async Task RunAsync(Lease lease, Job job, long claimedAt, string device, CancellationToken stopping)
    {
        int threadCount = devices.ThreadCount(lease.Kind);
        using AttemptChild child = AttemptChild.Start(command, threadCount);
        using var stop = new ChildStop(child, _options, time);
        await using var keeper = new LeaseKeeper(leases, lease, claimedAt, ledger.Value, time, stop.Ask, _logger);
        using var watch = new HeartbeatWatch(_options, time, stop.Ask);

        var start = new AttemptStart(lease, job.Arguments, device, threadCount) { TraceParent = job.TraceParent, TraceState = job.TraceState };
        await child.SendAsync(new StartMessage(start, _options.HeartbeatInterval));
        using var interruption = stopping.Register(() => stop.Ask(StopCause.Interrupt));

        Outcome? reported = null;
        var log = new AttemptLog(loggers, lease);
        await foreach (Message message in child.ReadAsync())
        {
            watch.Heard(message);
            switch (message)
            {
                case LogMessage line:
                    log.Write(line);
                    break;
                case OutcomeMessage { Outcome: var outcome }:
                    reported = outcome;
                    stop.KillAfter(_options.ExitGrace); // native libraries have hung in their own cleanup
                    break;
            }
        }
        int exitCode = await child.WaitAsync();

        // 2. The work is done and its parts are committed, but the ledger does not know that the attempt has ended. A crash
        //    here costs one more attempt, which finds everything done and ends at once.
        if (AttemptVerdict.Decide(reported, stop.Cause, exitCode, child.LastWords, _options) is { } verdict)
            await EndAsync(lease, verdict, keeper);
        // 3. From here on the lane is free, and a retry or the jobs that follow are in the ledger: a crash costs nothing.
    }

    /// <summary>Writes the outcome, and again while the database is away, as long as the lease lets it be ours to write.</summary>
    private async Task EndAsync(Lease lease, Outcome outcome, LeaseKeeper keeper)
    {
        while (!keeper.Lost.IsCancellationRequested)
        {
            try
            {
                JobState state = await keeper.EndAsync(outcome);
                LogEnded(_logger, lease.JobId, lease.Attempt, lease.Lane, outcome.Name, state);
                return;
            }
            catch (LeaseLostException)
            {
                break;
            }
            catch (Exception error)
            {
                LogNotWritten(_logger, lease.JobId, lease.Attempt, error.Message);
                await Task.Delay(EndRetryInterval, time, CancellationToken.None);
            }
        }
        LogNotOurs(_logger, lease.JobId, lease.Attempt);
    }

    [LoggerMessage(100, LogLevel.Information, "{Kind} job {Job}: attempt {Attempt} on lane {Lane} starts on {Device}")]
    private static partial void LogClaimed(ILogger logger, string kind, Guid job, int attempt, int lane, string device);

    [LoggerMessage(101, LogLevel.Information, "Job {Job}: attempt {Attempt} on lane {Lane} ended: {Outcome}. The job is {State}")]
    private static partial void LogEnded(ILogger logger, Guid job, int attempt, int lane, string outcome, JobState state);

    [LoggerMessage(103, LogLevel.Warning, "Job {Job}: the outcome of attempt {Attempt} is not ours to write any more, its lease is over; another attempt takes over")]
    private static partial void LogNotOurs(ILogger logger, Guid job, int attempt);

    [LoggerMessage(104, LogLevel.Warning, "Job {Job}: the outcome of attempt {Attempt} was not written: {Reason}. Trying again while the lease lasts")]
    private static partial void LogNotWritten(ILogger logger, Guid job, int attempt, string reason);
}
