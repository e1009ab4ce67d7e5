using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Intake;

/// <summary>Takes job messages from the queue into the ledger, for as long as the worker runs and whatever happens to the broker.</summary>
internal sealed partial class JobIntake(
    MessageBus client,
    MessageTaker taker,
    IOptions<ServiceBusOptions> bus,
    IOptions<IntakeOptions> options,
    TimeProvider time,
    ILogger<JobIntake> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), PauseAfterUndecodable = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _turn = new(1); // of the processor's calls, which fail together, one waits for the broker
    private TimeSpan _pause = FirstPause;
    private long _backAt;
    private string? _trouble, _undecodable;

    private string Queue => bus.Value.Queue;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!bus.Value.IsOn || !options.Value.IsEnabled)
            return;
        LogStarted(logger, Queue);
        try
        {
            await using ServiceBusProcessor processor = client.CreateProcessor(Queue, options.Value.BatchCount);
            processor.ProcessMessageAsync += TakeAsync;
            processor.ProcessErrorAsync += OnErrorAsync;
            await processor.StartProcessingAsync(stoppingToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await processor.StopProcessingAsync(CancellationToken.None);
        }
        catch (MessageBusException error)
        {
            LogUnusable(logger, error.Message);
        }
    }

    private async Task TakeAsync(ProcessMessageEventArgs delivery)
    {
        try
        {
            await taker.TakeAsync(delivery);
            (_pause, _undecodable) = (FirstPause, null);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            NoteTrouble(error); // the message comes again when its lock has run out; given back, it would spend its deliveries at once
        }
    }

    private async Task OnErrorAsync(ProcessErrorEventArgs error)
    {
        if (error.CancellationToken.IsCancellationRequested)
            return;
        if (MessageBus.IsUndecodable(error.Exception))
        {
            NoteUndecodable(client.Explain("Receiving", error.Exception).Message);
            await Task.Delay(PauseAfterUndecodable, time, error.CancellationToken); // the other calls go on; should nothing be decodable, no core is kept busy with it
            return;
        }

        long failedAt = time.GetTimestamp();
        await _turn.WaitAsync(error.CancellationToken);
        try
        {
            if (_backAt <= failedAt)
                await WaitAsync(client.Explain($"Receiving from \"{Queue}\"", error.Exception), error.CancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits until the broker answers.</summary>
    private async Task WaitAsync(Exception trouble, CancellationToken stop)
    {
        while (true)
        {
            NoteTrouble(trouble);
            await Task.Delay(_pause, time, stop);
            _pause = _pause * 2 < options.Value.LongestPause ? _pause * 2 : options.Value.LongestPause;
            try
            {
                await client.CheckAsync(Queue, stop);
                LogBack(logger, Queue);
                (_trouble, _backAt) = (null, time.GetTimestamp());
                return;
            }
            catch (MessageBusException still)
            {
                trouble = still;
            }
        }
    }

    // Said once, and again when it becomes another trouble; not at every attempt.
    private void NoteTrouble(Exception error)
    {
        if (error.Message == _trouble)
            return;
        _trouble = error.Message;
        LogAway(logger, error is MessageBusException ? null : error, error.Message, Queue, options.Value.LongestPause);
    }

    // Said once, and again when a message was taken since.
    private void NoteUndecodable(string reason)
    {
        if (Interlocked.Exchange(ref _undecodable, reason) != reason)
            LogUndecodable(logger, Queue, reason);
    }

    [LoggerMessage(7100, LogLevel.Information, "Job messages are taken from the queue {Queue}")]
    private static partial void LogStarted(ILogger logger, string queue);

    [LoggerMessage(7101, LogLevel.Error, "{Trouble} No job messages are taken from {Queue} until that passes; trying again at least every {Pause}. Jobs that are known go on")]
    private static partial void LogAway(ILogger logger, Exception? error, string trouble, string queue, TimeSpan pause);

    [LoggerMessage(7104, LogLevel.Error, "{Trouble} This worker takes no job messages until it is started again with other settings. Jobs that are known go on")]
    private static partial void LogUnusable(ILogger logger, string trouble);

    [LoggerMessage(7102, LogLevel.Information, "Job messages are taken from {Queue} again")]
    private static partial void LogBack(ILogger logger, string queue);

    [LoggerMessage(7103, LogLevel.Warning,
        "A message of {Queue} cannot be decoded; the others are taken. The broker makes it a dead letter after its last delivery. {Reason}")]
    private static partial void LogUndecodable(ILogger logger, string queue, string reason);
}
