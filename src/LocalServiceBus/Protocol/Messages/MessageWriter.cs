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
    public static ArraySegment<byte> Write(Core.Message message, bool isPeek = false)
    {
        bool isChanged = message.ChangedProperties.Count > 0;
        MessageSections sections = MessageSections.Read(message.Content, toBody: isChanged);
        var buffer = new ByteBuffer(message.Content.Length + 192, autoGrow: true);
        Encoder.WriteObject(buffer, Header(message, sections.Header));
        Encoder.WriteObject(buffer, Annotations(message, sections.Annotations, isPeek));
        int rest = sections.PropertiesOffset;
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

    /// <summary>Encodes a message as a value of its own.</summary>
    public static byte[] WriteBytes(Core.Message message, bool isPeek = false) => [.. Write(message, isPeek)];

    private static Header Header(Core.Message message, Header? sent)
    {
        Header header = sent ?? new Header();
        header.DeliveryCount = (uint)message.DeliveryCount;
        return header;
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
