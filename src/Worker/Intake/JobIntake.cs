using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Intake;

/// <summary>Takes job messages from the queue into the ledger, for as long as the worker runs and whatever happens to the broker.</summary>
internal sealed partial class JobIntake(
    IServiceBusClient client,
    MessageTaker taker,
    IOptions<ServiceBusOptions> bus,
    IOptions<IntakeOptions> options,
    TimeProvider time,
    ILogger<JobIntake> logger) : BackgroundService
{
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    // Longer than a lock: what came together with a message that cannot be decoded comes together again.
    private static readonly TimeSpan CarefulTime = TimeSpan.FromMinutes(10);

    private DateTimeOffset _carefulUntil;
    private string? _trouble;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!bus.Value.IsOn || !options.Value.IsEnabled)
            return;
        LogStarted(logger, bus.Value.Queue);
        TimeSpan pause = FirstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TakeAsync(stoppingToken);
                pause = FirstPause;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                if (error is UnreadableMessageException)
                    _carefulUntil = time.GetUtcNow() + CarefulTime;
                NoteTrouble(error);
                await Task.Delay(pause, time, stoppingToken);
                pause = pause * 2 < options.Value.LongestPause ? pause * 2 : options.Value.LongestPause;
            }
        }
    }

    private async Task TakeAsync(CancellationToken stop)
    {
        int count = time.GetUtcNow() < _carefulUntil ? 1 : options.Value.BatchCount;
        IReadOnlyList<ReceivedMessage> messages = await client.ReceiveAsync(bus.Value.Queue, count, _trouble is null ? Wait : FirstPause, stop);
        if (_trouble is not null)
            LogBack(logger, bus.Value.Queue);
        _trouble = null;
        await Task.WhenAll(messages.Select(message => taker.TakeAsync(message, stop)));
    }

    // Said once, and again when it becomes another trouble; not at every attempt.
    private void NoteTrouble(Exception error)
    {
        if (error.Message == _trouble)
            return;
        _trouble = error.Message;
        LogAway(logger, error is ServiceBusException ? null : error, error.Message, bus.Value.Queue, options.Value.LongestPause);
    }

    [LoggerMessage(7100, LogLevel.Information, "Job messages are taken from the queue {Queue}")]
    private static partial void LogStarted(ILogger logger, string queue);

    [LoggerMessage(7101, LogLevel.Error, "{Trouble} No job messages are taken from {Queue} until that passes; trying again at least every {Pause}. Jobs that are known go on")]
    private static partial void LogAway(ILogger logger, Exception? error, string trouble, string queue, TimeSpan pause);

    [LoggerMessage(7102, LogLevel.Information, "Job messages are taken from {Queue} again")]
    private static partial void LogBack(ILogger logger, string queue);
}
