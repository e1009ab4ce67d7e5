using System.Globalization;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Protocol.Messages;

/// <summary>Reads messages that clients send.</summary>
internal static class MessageReader
{
    /// <summary>The message format of a batch: each data section is a message.</summary>
    public const uint BatchFormat = 0x80013700;

    /// <summary>Reads a transfer's message, or all messages of a batch.</summary>
    /// <exception cref="BrokerException">It is not well formed.</exception>
    public static IReadOnlyList<IncomingMessage> Read(byte[] content, uint format) =>
        format == BatchFormat ? [.. SplitBatch(content).Select(Read)] : [Read(content)];

    /// <summary>Reads one message.</summary>
    /// <exception cref="BrokerException">It is not well formed.</exception>
    public static IncomingMessage Read(byte[] content)
    {
        MessageCheck.ThrowIfUndecodable(content);
        MessageSections sections = MessageSections.Read(content, toBody: true);
        string? id = Text(sections.Properties?.GetMessageId());
        if (id is null) (content, id) = WithNewId(content, sections);
        return new IncomingMessage(content, id)
        {
            SessionId = sections.Properties?.GroupId,
            TimeToLive = TimeToLive(sections),
            ScheduledFor = sections.Annotations[(Symbol)"x-opt-scheduled-enqueue-time"] is DateTime at ? Utc(at) : null,
        };
    }

    /// <summary>What filters see of a message.</summary>
    public static FilteredMessage ReadForFilters(byte[] content)
    {
        MessageSections sections = MessageSections.Read(content, toBody: true);
        var system = new Dictionary<string, object?>();
        if (sections.Properties is { } properties)
        {
            Set("MessageId", Text(properties.GetMessageId()));
            Set("CorrelationId", Text(properties.GetCorrelationId()));
            Set("Label", properties.Subject);
            Set("To", properties.To);
            Set("ReplyTo", properties.ReplyTo);
            Set("SessionId", properties.GroupId);
            Set("ReplyToSessionId", properties.ReplyToGroupId);
            Set("ContentType", properties.ContentType);
        }
        return new FilteredMessage(
            system,
            sections.ApplicationProperties?.Map.ToDictionary(property => property.Key.ToString()!, property => (object?)property.Value)
                ?? Core.Message.NoProperties);

        void Set(string name, string? value)
        {
            if (value is not null) system[name] = value;
        }
    }

    // An SDK copies the annotations and properties of the first message to the batch's own; nobody needs them there.
    private static IEnumerable<byte[]> SplitBatch(byte[] content)
    {
        MessageCheck.ThrowIfUndecodable(content);
        var buffer = new ByteBuffer(content, 0, content.Length, content.Length);
        while (buffer.Length > 0)
        {
            switch (Encoder.ReadObject(buffer))
            {
                case Data { Buffer: { } message }:
                    yield return message.Buffer.AsSpan(message.Offset, message.Length).ToArray();
                    break;
                case AmqpSequence or AmqpValue:
                    throw new BrokerException(Refusal.InvalidArgument,
                        "A batch holds its messages in data sections; this one has another body.");
            }
        }
    }

    // SDKs cannot handle received messages without an id, so the broker gives one, as Service Bus does.
    private static (byte[] Content, string Id) WithNewId(byte[] content, MessageSections sections)
    {
        string id = Guid.NewGuid().ToString("n");
        Properties properties = sections.Properties ?? new Properties();
        properties.MessageId = id;
        var buffer = new ByteBuffer(content.Length + 64, autoGrow: true);
        AmqpBitConverter.WriteBytes(buffer, content, 0, sections.PropertiesOffset);
        Encoder.WriteObject(buffer, properties);
        AmqpBitConverter.WriteBytes(buffer, content, sections.ApplicationOffset, content.Length - sections.ApplicationOffset);
        return (buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray(), id);
    }

    // The header's field ends at 49 days; longer lives are written as an absolute end.
    private static TimeSpan? TimeToLive(MessageSections sections)
    {
        const int TtlField = 2, ExpiryField = 8, CreationField = 9;
        if (sections.Properties is { } properties && properties.HasField(ExpiryField) && properties.HasField(CreationField))
            return properties.AbsoluteExpiryTime - properties.CreationTime;
        return sections.Header is { } header && header.HasField(TtlField) && header.Ttl != uint.MaxValue
            ? TimeSpan.FromMilliseconds(header.Ttl)
            : null;
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time.ToUniversalTime(), DateTimeKind.Utc));

    /// <summary>An id as filters see it.</summary>
    public static string? Text(object? id) => id is byte[] bytes ? Convert.ToHexString(bytes)
        : Convert.ToString(id, CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : null;
}
