using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Events;

/// <summary>Takes what happened to jobs from the ledger's outbox to Service Bus; any number of workers may do so at once.</summary>
internal sealed partial class EventPublisher(
    OutboxStore outbox,
    MessageBus bus,
    IOptions<ServiceBusOptions> serviceBus,
    IOptions<EventOptions> options,
    TimeProvider time,
    ILogger<EventPublisher> logger) : PollingService(time)
{
    private const int BatchSize = 100;

    // How long events are kept for a publisher, or a Service Bus, that is away; said again every hour.
    private static readonly TimeSpan DemandPeriod = TimeSpan.FromDays(7);
    private static readonly TimeSpan DemandInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MostPause = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time;
    private long _demandedAt;

    private bool IsOn => serviceBus.Value.IsOn && !string.IsNullOrWhiteSpace(serviceBus.Value.Events);

    /// <summary>Demands events before anything else of the worker starts, so that the first change of a job leaves one.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsOn)
            await DemandAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override TimeSpan Interval => IsOn ? options.Value.Interval : DemandInterval;

    protected override TimeSpan LongestPause => IsOn ? MostPause : DemandInterval;

    /// <summary>Publishes all there is; without Service Bus, deletes what nobody wants any more.</summary>
    protected override async Task<bool> StepAsync(CancellationToken stop)
    {
        if (!IsOn)
        {
            await outbox.TrimAsync(DemandPeriod, stop);
            return true;
        }

        if (_time.GetElapsedTime(_demandedAt) > DemandInterval)
        {
            await DemandAsync(stop);
            if (await outbox.TrimAsync(DemandPeriod, stop) is > 0 and var count)
                LogForgotten(logger, count, DemandPeriod);
        }

        while (await outbox.PublishAsync(BatchSize, events => SendAsync(events, stop), stop) > 0)
        {
        }
        return true;
    }

    protected override void TellAway(Exception error) => LogAway(logger, error.Message);

    protected override void TellBack() => LogBack(logger);

    private async Task SendAsync(IReadOnlyList<OutboxEvent> events, CancellationToken cancellation)
    {
        // The events are locked meanwhile: a send that hangs must not keep them from the other workers.
        using CancellationTokenSource limit = new(SendLimit, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        await bus.SendAsync(serviceBus.Value.Events, [.. events.Select(JobEventMessage.Of)], either.Token);
        foreach (IGrouping<string, OutboxEvent> kind in events.GroupBy(happened => happened.Event))
            HrNetTelemetry.EventsPublished.Add(kind.Count(), new KeyValuePair<string, object?>("hrnetbatch.event", kind.Key));
    }

    private async Task DemandAsync(CancellationToken cancellation)
    {
        await outbox.DemandAsync(DemandPeriod, options.Value.ProgressInterval, cancellation);
        _demandedAt = _time.GetTimestamp();
    }

    [LoggerMessage(7200, LogLevel.Warning, "What happens to jobs is not published: {Reason} The events wait in the ledger; trying again until it is mended")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(7202, LogLevel.Error, "Events of jobs that could not be published for {Period} were deleted: {Count}; the jobs themselves are not affected")]
    private static partial void LogForgotten(ILogger logger, int count, TimeSpan period);

    [LoggerMessage(7201, LogLevel.Information, "What happens to jobs is published again")]
    private static partial void LogBack(ILogger logger);
}
