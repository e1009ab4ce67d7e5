using Hangfire;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Worker.Attempts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Waking;

/// <summary>Hangfire's servers in this worker: one for each kind, so that kinds do not wait for each other, and one for schedules.</summary>
internal sealed class HangfireServers(
    JobStorage storage,
    JobActivator activator,
    JobKinds kinds,
    WorkerIdentity worker,
    IOptions<WorkerOptions> workerOptions,
    IOptions<SupervisionOptions> supervision) : IHostedService
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

        foreach (JobKind kind in kinds.All.Where(workerOptions.Value.Serves))
        {
            BackgroundJobServerOptions options = Options(kind.Name, workerOptions.Value.ConcurrencyOf(kind.Name));
            options.IsLightweightServer = true;
            _servers.Add(new(options, storage));
        }
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _servers.ForEach(server => server.SendStop());
        await Task.WhenAll(_servers.Select(server => server.WaitForShutdownAsync(cancellationToken)));
        _servers.ForEach(server => server.Dispose());
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
}
