using Hangfire;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Worker.Attempts;
using HrNetBatch.Worker.Devices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Waking;

/// <summary>Hangfire's servers in this worker: one for each kind, so that kinds do not wait for each other, and one for schedules.</summary>
internal sealed partial class HangfireServers(
    JobStorage storage,
    JobActivator activator,
    ServedKinds served,
    DevicePool devices,
    WorkerIdentity worker,
    IOptions<SupervisionOptions> supervision,
    ILogger<HangfireServers> logger) : IHostedService
{
    /// <summary>The queue of schedules that are due: tiny jobs that must not wait behind hours of training.</summary>
    public const string ScheduleQueue = "schedules";

    private readonly List<BackgroundJobServer> _servers = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Only the first has Hangfire's own chores: schedules, and the removal of what has expired.
        BackgroundJobServerOptions schedules = Options(ScheduleQueue, workerCount: 1);
        schedules.SchedulePollingInterval = TimeSpan.FromSeconds(1);
        _servers.Add(new(schedules, storage));

        foreach (JobKind kind in served.Kinds)
        {
            BackgroundJobServerOptions options = Options(kind.Name, devices.SlotCount(kind.Name));
            options.IsLightweightServer = true;
            _servers.Add(new(options, storage));
        }
        LogStarted(logger, worker.Name,
            string.Join(", ", served.Kinds.Select(kind => $"{devices.SlotCount(kind.Name)} {kind.Name}")),
            devices.Gpus.Count == 0 ? "the CPU" : string.Join(", ", devices.Gpus.Select(gpu => gpu.Name)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _servers.ForEach(server => server.SendStop());
        try
        {
            await Task.WhenAll(_servers.Select(server => server.WaitForShutdownAsync(cancellationToken)));
            _servers.ForEach(server => server.Dispose());
        }
        catch (OperationCanceledException)
        {
            // The database stays away, so no outcome can be written. This process ends, its attempts with it, and their leases expire.
            LogNotStopped(logger);
        }
    }

    private BackgroundJobServerOptions Options(string queue, int workerCount) => new()
    {
        ServerName = $"{worker.Name}/{queue}",
        Queues = [queue],
        WorkerCount = workerCount,
        Activator = activator,
        CancellationCheckInterval = TimeSpan.FromSeconds(1),
        HeartbeatInterval = TimeSpan.FromSeconds(15),
        ServerTimeout = TimeSpan.FromMinutes(1),
        ShutdownTimeout = supervision.Value.HandBackGrace + SupervisionOptions.EndMargin,
    };

    [LoggerMessage(126, LogLevel.Warning, "Stopping without having written every outcome; the attempts are taken over when their leases expire")]
    private static partial void LogNotStopped(ILogger logger);

    [LoggerMessage(125, LogLevel.Information, "Worker {Worker} takes up to {Slots} at once, on {Devices}")]
    private static partial void LogStarted(ILogger logger, string worker, string slots, string devices);
}
