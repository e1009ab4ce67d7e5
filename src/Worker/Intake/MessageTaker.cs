using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Worker.Waking;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HrNetBatch.Worker.Intake;

/// <summary>One message's way into the ledger. The lock is held for that long and no longer; the job runs from the ledger.</summary>
internal sealed partial class MessageTaker(
    MessageBus bus, JobMessageReader reader, JobStore jobs, WakeSignal wake, TimeProvider time, ILogger<MessageTaker> logger)
{
    private static readonly TimeSpan LedgerPause = TimeSpan.FromSeconds(1);
    private int _ledgerAway; // 1 once that was said

    /// <summary>Makes the message a job, or a dead letter; never throws for what is in it.</summary>
    /// <param name="delivery">The message, locked; its cancellation gives up waiting for a ledger that is away: the message comes again then.</param>
    public async Task TakeAsync(ProcessMessageEventArgs delivery)
    {
        switch (reader.Read(delivery.Message))
        {
            case JobMessageReading.Accepted accepted:
                if (await EnqueueAsync(accepted.Request, delivery.CancellationToken) is { } refused)
                    await DeadLetterAsync(delivery, refused);
                else
                    await CompleteAsync(delivery);
                break;
            case JobMessageReading.Refused refusal:
                await DeadLetterAsync(delivery, refusal);
                break;
        }
    }

    /// <returns>Why the ledger will never take the request; null when it is there.</returns>
    private async Task<JobMessageReading.Refused?> EnqueueAsync(JobRequest request, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                // 1. A crash before the ledger's commit leaves the message locked; it comes again when its lock has run out.
                bool isNew = await jobs.EnqueueAsync(request, CancellationToken.None);
                Interlocked.Exchange(ref _ledgerAway, 0);
                HrNetTelemetry.IntakeMessages.Add(1, new KeyValuePair<string, object?>("hrnetbatch.message.result", isNew ? "accepted" : "known"));
                wake.Set();
                if (isNew)
                    LogAccepted(logger, request.Id, request.Kind);
                else
                    LogKnown(logger, request.Id, request.Kind);
                return null;
            }
            catch (JobRefusedException refused)
            {
                return new(JobMessageRefusal.IdTaken, refused.Message);
            }
            catch (JobArgumentsException refused)
            {
                return new(JobMessageRefusal.InvalidFields, string.Join("; ", refused.Faults));
            }
            catch (PostgresException error) when (error.SqlState is ['2', '2' or '3', ..]) // its data, not the ledger's state
            {
                return new(JobMessageRefusal.NotStorable, $"The ledger cannot store it: {error.MessageText}");
            }
            catch (NpgsqlException error)
            {
                // Tried again under the same lock, and later too: received again, the message would only have spent a delivery.
                if (Interlocked.Exchange(ref _ledgerAway, 1) == 0)
                    LogLedgerAway(logger, error, LedgerPause);
                await Task.Delay(LedgerPause, time, stop);
            }
        }
    }

    // 2. A crash here, or a lock that was lost, brings the message once more: its job is known then, and it is completed.
    private Task CompleteAsync(ProcessMessageEventArgs delivery) =>
        SettleAsync(delivery.Message, delivery.CompleteMessageAsync(delivery.Message, CancellationToken.None));

    private Task DeadLetterAsync(ProcessMessageEventArgs delivery, JobMessageReading.Refused refusal)
    {
        HrNetTelemetry.IntakeMessages.Add(1, new KeyValuePair<string, object?>("hrnetbatch.message.result", "refused"));
        LogRefused(logger, JobMessage.IdOf(delivery.Message), refusal.Reason, refusal.Description);

        // 3. A crash here brings the message once more, to be refused again.
        return SettleAsync(delivery.Message, delivery.DeadLetterMessageAsync(
            delivery.Message, refusal.Reason, MessageBus.Shortened(refusal.Description), CancellationToken.None));
    }

    private async Task SettleAsync(ServiceBusReceivedMessage message, Task settling)
    {
        try
        {
            await settling;
        }
        catch (Exception error)
        {
            LogNotCompleted(logger, message.MessageId, bus.Explain("Settling it", error).Message);
        }
    }

    [LoggerMessage(7110, LogLevel.Information, "Job {Job}: a {Kind} message has arrived and is stored")]
    private static partial void LogAccepted(ILogger logger, Guid job, string kind);

    [LoggerMessage(7111, LogLevel.Information, "Job {Job}: a {Kind} message has arrived once more; there is one job")]
    private static partial void LogKnown(ILogger logger, Guid job, string kind);

    [LoggerMessage(7112, LogLevel.Warning, "Message {MessageId} is refused ({Reason}): {Description}. `hrnet deadletters show` has it; correct it and send it again")]
    private static partial void LogRefused(ILogger logger, string messageId, string reason, string description);

    [LoggerMessage(7113, LogLevel.Information, "Message {MessageId} comes once more: {Reason}")]
    private static partial void LogNotCompleted(ILogger logger, string messageId, string reason);

    [LoggerMessage(7114, LogLevel.Error, "The ledger does not answer; job messages wait. Trying again every {Pause}")]
    private static partial void LogLedgerAway(ILogger logger, Exception error, TimeSpan pause);
}
