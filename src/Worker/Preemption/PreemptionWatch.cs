using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Preemption;

/// <summary>Stops the worker, as SIGTERM would, when Azure announces that it will take the machine away.</summary>
internal sealed partial class PreemptionWatch(
    ScheduledEvents events,
    IHostApplicationLifetime lifetime,
    IOptions<PreemptionOptions> options,
    TimeProvider time,
    ILogger<PreemptionWatch> logger) : PollingService(time)
{
    // A worker that is started again on a machine that is about to go takes nothing; but Azure's first answer may take minutes.
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(3);

    private readonly PreemptionOptions _options = options.Value;
    private readonly TimeProvider _time = time;
    private readonly TaskCompletionSource _firstLook = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ScheduledEvent? _announced;

    /// <summary>Looks once before the worker takes anything.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);
        if (_options.Source == PreemptionSource.ScheduledEvents)
            await Task.WhenAny(_firstLook.Task, Task.Delay(FirstLook, _time, cancellationToken));
    }

    /// <summary>Called when everything that started after it has stopped: all is handed back by then.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_announced is null || !_options.Acknowledge)
            return;
        try
        {
            // A crash before this costs Azure the wait until the announced time, and nobody else anything.
            await events.AcknowledgeAsync(_announced, cancellationToken);
            LogAcknowledged(logger, _announced.EventId);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            LogNotAcknowledged(logger, _announced.EventId, error.Message);
        }
    }

    protected override TimeSpan Interval => _options.Interval;

    protected override async Task<bool> StepAsync(CancellationToken stop)
    {
        if (_options.Source == PreemptionSource.None)
            return false;
        _announced = await events.FindAsync(stop);
        if (_announced is not null)
        {
            LogAnnounced(logger, _announced.EventType, _announced.EventId, _announced.NotBefore is { Length: > 0 } at ? at : "now");
            lifetime.StopApplication();
        }
        _firstLook.TrySetResult();
        return _announced is null;
    }

    protected override void TellAway(Exception error)
    {
        LogAway(logger, _options.Address, error.Message);
        _firstLook.TrySetResult();
    }

    protected override void TellBack() => LogBack(logger);

    [LoggerMessage(140, LogLevel.Warning, "Azure announces {EventType} for this machine (event {EventId}, not before {NotBefore}): the worker hands back and stops")]
    private static partial void LogAnnounced(ILogger logger, string eventType, string eventId, string notBefore);

    [LoggerMessage(141, LogLevel.Warning, "{Address} does not tell what Azure plans for this machine: {Reason} Until it does, a preemption comes without notice; leases make good for that. Outside Azure, set HrNetBatch:Preemption:Source to None")]
    private static partial void LogAway(ILogger logger, Uri address, string reason);

    [LoggerMessage(142, LogLevel.Information, "What Azure plans for this machine is known again")]
    private static partial void LogBack(ILogger logger);

    [LoggerMessage(143, LogLevel.Information, "All is handed back; Azure need not wait any longer (event {EventId})")]
    private static partial void LogAcknowledged(ILogger logger, string eventId);

    [LoggerMessage(144, LogLevel.Warning, "Azure was not told that all is handed back (event {EventId}): {Reason} It waits until the announced time")]
    private static partial void LogNotAcknowledged(ILogger logger, string eventId, string reason);
}
