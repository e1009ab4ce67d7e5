using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Protocol.Messages;

/// <summary>Writes messages for receivers: the sender's bytes, with what the broker knows in front of them.</summary>
internal static class MessageWriter
{
    /// <summary>Encodes a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isPeek">Whether it is only shown; the end of its lock is another receiver's affair then.</param>
    public static ArraySegment<byte> Write(Core.Message message, bool isPeek = false) => Write(message, isPeek, null);

    /// <summary>Encodes a message as a value of its own.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isPeek">Whether it is only shown.</param>
    /// <param name="lockToken">The token for a receiver that gets it without a delivery whose tag would say it.</param>
    public static byte[] WriteBytes(Core.Message message, bool isPeek = false, Guid? lockToken = null) =>
        [.. Write(message, isPeek, lockToken)];

    private static ArraySegment<byte> Write(Core.Message message, bool isPeek, Guid? lockToken)
    {
        MessageSections sections = MessageSections.Read(message.Content, toBody: false);
        bool isChanged = message.ChangedProperties.Count > 0;
        bool isShortened = message.TimeToLive is { } life && IsShortened(life, sections.Header);
        if (isChanged || isShortened) sections = MessageSections.Read(message.Content, toBody: true);
        Header header = sections.Header ?? new Header();
        header.DeliveryCount = (uint)message.DeliveryCount;
        if (isShortened) header.Ttl = Milliseconds(message.TimeToLive!.Value);

        var buffer = new ByteBuffer(message.Content.Length + 192, autoGrow: true);
        Encoder.WriteObject(buffer, header);
        if (lockToken is not null) Encoder.WriteObject(buffer, new DeliveryAnnotations { [(Symbol)"x-opt-lock-token"] = lockToken.Value });
        Encoder.WriteObject(buffer, Annotations(message, sections.Annotations, isPeek));
        int rest = sections.PropertiesOffset;
        if (isShortened)
        {
            Encoder.WriteObject(buffer, PropertiesWithEnd(message, sections.Properties));
            rest = sections.ApplicationOffset;
        }
        if (isChanged)
        {
            AmqpBitConverter.WriteBytes(buffer, message.Content, rest, sections.ApplicationOffset - rest);
            ApplicationProperties properties = sections.ApplicationProperties ?? new ApplicationProperties();
            foreach ((string name, object? value) in message.ChangedProperties) properties.Map[name] = value;
            Encoder.WriteObject(buffer, properties);
            rest = sections.BodyOffset;
        }
        AmqpBitConverter.WriteBytes(buffer, message.Content, rest, message.Content.Length - rest);
        return new ArraySegment<byte>(buffer.Buffer, buffer.Offset, buffer.Length);
    }

    // The entity's default bounds what the sender wanted; a life of more than 49 days does not fit the header and stands in the properties.
    private static bool IsShortened(TimeSpan life, Header? sent)
    {
        const int TtlField = 2;
        return sent?.HasField(TtlField) != true || sent.Ttl != Milliseconds(life) || sent.Ttl == uint.MaxValue;
    }

    private static uint Milliseconds(TimeSpan life) => (uint)Math.Min(life.TotalMilliseconds, uint.MaxValue);

    private static Properties PropertiesWithEnd(Core.Message message, Properties? sent)
    {
        const int CreationField = 9;
        Properties properties = sent ?? new Properties();
        if (!properties.HasField(CreationField)) properties.CreationTime = message.EnqueuedAt.UtcDateTime;
        TimeSpan life = message.TimeToLive!.Value;
        properties.AbsoluteExpiryTime = life < DateTime.MaxValue - properties.CreationTime ? properties.CreationTime + life
            : DateTime.MaxValue;
        return properties;
    }

    private static MessageAnnotations Annotations(Core.Message message, Map sent, bool isPeek)
    {
        var annotations = new MessageAnnotations();
        foreach ((object key, object value) in sent) annotations.Map[(Symbol)key.ToString()!] = value;
        annotations.Map[(Symbol)"x-opt-sequence-number"] = message.SequenceNumber;
        annotations.Map[(Symbol)"x-opt-enqueue-sequence-number"] = message.EnqueuedSequenceNumber;
        annotations.Map[(Symbol)"x-opt-enqueued-time"] = message.EnqueuedAt.UtcDateTime;
        if (message.Lock is { } held && !isPeek) annotations.Map[(Symbol)"x-opt-locked-until"] = held.Until.UtcDateTime;
        if (message.State != MessageState.Active) annotations.Map[(Symbol)"x-opt-message-state"] = (int)message.State;
        if (message.DeadLetterSource is { } source) annotations.Map[(Symbol)"x-opt-deadletter-source"] = source;
        return annotations;
    }
}
