using System.Diagnostics;
using System.Text.Json;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>
/// The contract of messages that ask for jobs, described in docs/jobs.md: subject = kind, message id = deduplication key,
/// a <see cref="JobMessageBody"/> as JSON, W3C trace context. <see cref="JobMessageReader"/> reads them.
/// </summary>
public static class JobMessage
{
    /// <summary>The content type of every message.</summary>
    public const string ContentType = "application/json";

    /// <summary>The version of the body that this program writes and understands.</summary>
    public const int SchemaVersion = 1;

    /// <summary>Largest body accepted, in bytes.</summary>
    public const int MaximumBodyBytes = 1 << 20;

    /// <summary>Most jobs that may follow one job.</summary>
    public const int MaximumFollowerCount = 100;

    /// <summary>Application property that carries the W3C trace parent.</summary>
    public const string TraceParentProperty = "traceparent";

    /// <summary>Application property that carries the W3C trace state.</summary>
    public const string TraceStateProperty = "tracestate";

    /// <summary>Application property in which the Azure SDK of .NET carries the W3C trace parent; read where <see cref="TraceParentProperty"/> is absent.</summary>
    public const string DiagnosticIdProperty = "Diagnostic-Id";

    /// <summary>
    /// Application property of a message that is sent once more: the message id of the first sending, which is the deduplication key instead
    /// of its own. Under that one a broker that detects duplicates would drop it in silence.
    /// </summary>
    public const string ReplayOfProperty = "hrnet-replay-of";

    /// <summary>The sender's name for a message, from which the job's id follows: of one that was sent once more, the first sending's.</summary>
    public static string IdOf(ServiceBusReceivedMessage message) => IdOf(message.GetRawAmqpMessage());

    /// <summary>The same message to be sent once more, under a message id of its own; it asks for the same job.</summary>
    public static ServiceBusMessage Again(ServiceBusReceivedMessage message)
    {
        ServiceBusMessage again = new(message) { MessageId = Guid.CreateVersion7().ToString(), ApplicationProperties = { [ReplayOfProperty] = IdOf(message) } };
        foreach (string name in (string[])[TraceParentProperty, TraceStateProperty, DiagnosticIdProperty]) // which a copy lacks
        {
            if (message.ApplicationProperties.TryGetValue(name, out object? value))
                again.ApplicationProperties[name] = value;
        }
        return again;
    }

    /// <summary>The sender's name for a message.</summary>
    internal static string IdOf(AmqpAnnotatedMessage message) =>
        message.ApplicationProperties.TryGetValue(ReplayOfProperty, out object? value) && value is string { Length: > 0 } first
            ? first : message.Properties.MessageId?.ToString() ?? "";

    /// <summary>The message that asks for <paramref name="request"/>; its schedule is not part of the contract.</summary>
    public static ServiceBusMessage Of(JobRequest request)
    {
        ServiceBusMessage message = new(JsonSerializer.SerializeToUtf8Bytes(
            new JobMessageBody
            {
                SchemaVersion = SchemaVersion,
                Arguments = request.Arguments,
                Then = [.. request.Then.Select(JobMessageFollower.Of)],
                NotBefore = request.NotBefore,
            },
            JobJson.Options))
        {
            MessageId = request.Id.ToString(),
            Subject = request.Kind,
            ContentType = ContentType,
        };
        if ((request.TraceParent ?? Activity.Current?.Id) is { } traceParent)
            message.ApplicationProperties[TraceParentProperty] = traceParent;
        if (request.TraceState is { } traceState)
            message.ApplicationProperties[TraceStateProperty] = traceState;
        return message;
    }
}
