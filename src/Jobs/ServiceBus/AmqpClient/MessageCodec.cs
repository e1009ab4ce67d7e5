using System.Globalization;
using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Encoder = Amqp.Types.Encoder;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>Messages of ours from and to AMQP's.</summary>
internal static class MessageCodec
{
    private const string Reason = "DeadLetterReason", Description = "DeadLetterErrorDescription";
    private static readonly Symbol ScheduledFor = "x-opt-scheduled-enqueue-time";

    /// <summary>The message as AMQP sends it.</summary>
    public static Message Write(ServiceBusMessage message)
    {
        var written = new Message
        {
            Header = new Header { Durable = true },
            Properties = new Properties { MessageId = message.MessageId },
            BodySection = new Data { Binary = message.Body?.ToArray() ?? [] },
        };
        if (message.Subject is not null) written.Properties.Subject = message.Subject;
        if (message.ContentType is not null) written.Properties.ContentType = message.ContentType;
        if (message.CorrelationId is not null) written.Properties.CorrelationId = message.CorrelationId;
        if (message.TimeToLive is { } life) written.Header.Ttl = (uint)Math.Min(life.TotalMilliseconds, uint.MaxValue);
        if (message.ScheduledEnqueueTime is { } time)
            written.MessageAnnotations = new MessageAnnotations { [ScheduledFor] = time.UtcDateTime };
        if (message.ApplicationProperties.Count > 0)
        {
            written.ApplicationProperties = new ApplicationProperties();
            foreach ((string name, object? value) in message.ApplicationProperties)
                written.ApplicationProperties[name] = value is DateTimeOffset at ? at.UtcDateTime : value;
        }
        return written;
    }

    /// <summary>A message that was delivered, or shown.</summary>
    public static ReceivedMessage Read(Message message, string entity)
    {
        Dictionary<string, object?> properties = message.ApplicationProperties?.Map
            .ToDictionary(property => property.Key.ToString()!, property => (object?)property.Value, StringComparer.Ordinal) ?? [];
        properties.Remove(Reason, out object? reason);
        properties.Remove(Description, out object? description);
        return new ReceivedMessage
        {
            Entity = entity,
            MessageId = Text(message.Properties?.GetMessageId()) ?? "",
            Subject = message.Properties?.Subject,
            ContentType = message.Properties?.ContentType,
            CorrelationId = Text(message.Properties?.GetCorrelationId()),
            Body = Body(message.BodySection),
            ApplicationProperties = properties,
            TimeToLive = message.Header is { } header && header.HasField(2) ? TimeSpan.FromMilliseconds(header.Ttl) : null,
            ScheduledEnqueueTime = Time(message, ScheduledFor),
            SequenceNumber = Annotation(message, "x-opt-sequence-number") as long? ?? 0,
            LockToken = message.DeliveryTag is { Length: 16 } token ? new Guid(token) : Guid.Empty,
            LockedUntil = Time(message, "x-opt-locked-until") ?? default,
            DeliveryCount = (int)(message.Header?.DeliveryCount ?? 0),
            EnqueuedTime = Time(message, "x-opt-enqueued-time") ?? default,
            DeadLetterReason = reason as string,
            DeadLetterDescription = description as string,
        };
    }

    /// <summary>
    /// A message that was shown, as bytes. Of a body that makes no sense nothing is read: it must not hide the messages around it.
    /// </summary>
    public static ReceivedMessage Read(byte[] content, string entity)
    {
        var buffer = new ByteBuffer(content, 0, content.Length, content.Length);
        var message = new Message();
        try
        {
            while (buffer.Length > 0)
            {
                switch (Encoder.ReadObject(buffer))
                {
                    case Header header:
                        message.Header = header;
                        break;
                    case MessageAnnotations annotations:
                        message.MessageAnnotations = annotations;
                        break;
                    case Properties properties:
                        message.Properties = properties;
                        break;
                    case ApplicationProperties properties:
                        message.ApplicationProperties = properties;
                        break;
                    case Data or DataList or AmqpValue or AmqpSequence:
                        return Read(Message.Decode(new ByteBuffer(content, 0, content.Length, content.Length)), entity);
                }
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
        }
        return Read(message, entity);
    }

    private static ReadOnlyMemory<byte>? Body(RestrictedDescribed? section)
    {
        try
        {
            byte[]? bytes = section switch
            {
                Data data => data.Binary ?? [],
                DataList list => [.. Enumerable.Range(0, list.Count).SelectMany(index => list[index].Binary ?? [])],
                AmqpValue { Value: string text } => Encoding.UTF8.GetBytes(text),
                AmqpValue { Value: byte[] value } => value,
                _ => null,
            };
            return bytes is null ? default(ReadOnlyMemory<byte>?) : bytes; // null alone would convert to empty
        }
        catch (Exception exception) when (exception is AmqpException or InvalidCastException or ArgumentException or IndexOutOfRangeException)
        {
            return null; // decoded only now, and not what it says it is
        }
    }

    private static object? Annotation(Message message, Symbol name) => message.MessageAnnotations?[name];

    private static DateTimeOffset? Time(Message message, Symbol name) =>
        Annotation(message, name) is DateTime time ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)) : null;

    private static string? Text(object? id) => id switch
    {
        null => null,
        byte[] bytes => Convert.ToHexString(bytes),
        _ => Convert.ToString(id, CultureInfo.InvariantCulture),
    };
}
