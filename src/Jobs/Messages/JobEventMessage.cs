using System.Text.Json;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Jobs.Messages;

/// <summary>
/// The contract of messages that tell what happened to jobs, described in docs/jobs.md: subject = <c>job.</c>event, message id = the
/// event's id, correlation id = the job's, a <see cref="JobEventBody"/> as JSON.
/// </summary>
public static class JobEventMessage
{
    /// <summary>The version of the body.</summary>
    public const int SchemaVersion = 1;

    /// <summary>Application property with the job's kind, for the filters of subscriptions.</summary>
    public const string KindProperty = "kind";

    // A message of the standard tier takes 256 KiB with its properties.
    private const int LargestResultBytes = 128 * 1024;
    private const int LongestText = 16 * 1024;

    /// <summary>The message that tells of <paramref name="happened"/>.</summary>
    public static ServiceBusMessage Of(OutboxEvent happened)
    {
        JobEventBody body = JobEventBody.Of(happened) with { Error = Shortened(happened.Error), Activity = Shortened(happened.Activity) };
        if (body.Result is { } result && result.GetRawText().Length > LargestResultBytes)
            body = body with { Result = null, ResultOmitted = true };

        ServiceBusMessage message = new(JsonSerializer.SerializeToUtf8Bytes(body, JobJson.Options))
        {
            MessageId = happened.Id.ToString(),
            CorrelationId = happened.JobId.ToString(),
            Subject = "job." + happened.Event,
            ContentType = JobMessage.ContentType,
            ApplicationProperties = { [KindProperty] = happened.Kind },
        };
        if (happened.TraceParent is not null)
            message.ApplicationProperties[JobMessage.TraceParentProperty] = happened.TraceParent;
        if (happened.TraceState is not null)
            message.ApplicationProperties[JobMessage.TraceStateProperty] = happened.TraceState;
        return message;
    }

    private static string? Shortened(string? text) => text is { Length: > LongestText } ? text[..LongestText] + "…" : text;
}
