using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>
/// Reads messages that ask for jobs. What passes can be stored and run; what does not is refused with every field at fault named,
/// so that no message is tried twice in vain.
/// </summary>
/// <param name="kinds">The kinds that may be asked for.</param>
public sealed class JobMessageReader(JobKinds kinds)
{
    // Service Bus takes 4,096 characters.
    private const int LongestDescription = 4000;

    /// <summary>Reads a message that came; never throws for what is in it.</summary>
    public JobMessageReading Read(ServiceBusReceivedMessage message) => Read(message.GetRawAmqpMessage());

    /// <summary>Reads a message that has not been sent: what would become of it.</summary>
    public JobMessageReading Read(ServiceBusMessage message) => Read(message.GetRawAmqpMessage());

    private JobMessageReading Read(AmqpAnnotatedMessage message)
    {
        try
        {
            return new JobMessageReading.Accepted(RequestOf(message));
        }
        catch (RefusedMessageException refused)
        {
            string description = refused.Message;
            return new JobMessageReading.Refused(refused.Reason, description.Length <= LongestDescription ? description : description[..LongestDescription] + "…");
        }
    }

    private JobRequest RequestOf(AmqpAnnotatedMessage message)
    {
        CheckKind(message.Properties.Subject);
        CheckContentType(message.Properties.ContentType);
        JsonElement body = MessageJson.Decode(AmqpBody.Bytes(message));
        CheckVersion(body, "body");

        MessageChain chain = new(kinds);
        string id = JobMessage.IdOf(message);
        JobRequest request = chain.Read(body, message.Properties.Subject!, string.IsNullOrWhiteSpace(id) ? null : JobIdentity.OfMessage(id));
        if (chain.Faults.Count > 0)
            throw new RefusedMessageException(JobMessageRefusal.InvalidFields, string.Join("; ", chain.Faults));
        (string? traceParent, string? traceState) = TraceOf(message.ApplicationProperties);
        return request with { TraceParent = traceParent, TraceState = traceState };
    }

    private void CheckKind(string? subject)
    {
        if (!kinds.All.Any(kind => kind.Name == subject))
        {
            throw new RefusedMessageException(JobMessageRefusal.UnknownKind, string.IsNullOrEmpty(subject)
                ? $"subject: is required, and names the kind: one of {kinds.Names}"
                : $"subject: \"{subject}\" is no kind of job; known kinds are {kinds.Names}");
        }
    }

    // What senders say of JSON when they say nothing on purpose; whether it is JSON, its bytes tell.
    private static readonly string[] ContentTypes = ["", JobMessage.ContentType, "text/json", "text/plain", "application/octet-stream"];

    private static void CheckContentType(string? contentType)
    {
        string type = (contentType ?? "").Split(';')[0].Trim();
        if (!ContentTypes.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            throw new RefusedMessageException(JobMessageRefusal.UnsupportedContentType,
                $"contentType: \"{contentType}\" is not read; send the job alone, as JSON in UTF-8, with the content type {JobMessage.ContentType} or none");
        }
    }

    // Another version may have other fields, so it is looked at before them.
    internal static void CheckVersion(JsonElement body, string name)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new RefusedMessageException(JobMessageRefusal.InvalidFields, $"{name}: a JSON object is needed, this is {Described(body.ValueKind)}");
        if (body.TryGetProperty("schemaVersion", out JsonElement version) && version.ValueKind == JsonValueKind.Number
            && version.GetRawText() != JobMessage.SchemaVersion.ToString(CultureInfo.InvariantCulture))
        {
            throw new RefusedMessageException(
                JobMessageRefusal.UnsupportedSchemaVersion,
                $"schemaVersion: {JobMessage.SchemaVersion} is needed, this is {version.GetRawText()}; update the worker or the sender");
        }
    }

    private static string Described(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    // A trace context that cannot be read is left out, as its specification asks: it says nothing about the job.
    private static (string? Parent, string? State) TraceOf(IDictionary<string, object?> properties)
    {
        string? parent = TextOf(JobMessage.TraceParentProperty) ?? TextOf(JobMessage.DiagnosticIdProperty);
        string? state = TextOf(JobMessage.TraceStateProperty) is { Length: <= 512 } text && !text.Contains('\0', StringComparison.Ordinal) ? text : null;
        return ActivityContext.TryParse(parent, state, out _) ? (parent, state) : (null, null);

        string? TextOf(string name) => properties.TryGetValue(name, out object? value) ? value as string : null;
    }
}
