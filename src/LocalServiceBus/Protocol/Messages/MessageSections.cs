using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol.Messages;

/// <summary>The sections of an encoded message that a broker reads; the body stays bytes.</summary>
internal sealed class MessageSections
{
    private const ulong HeaderCode = 0x70, DeliveryAnnotationsCode = 0x71, AnnotationsCode = 0x72, PropertiesCode = 0x73,
        ApplicationCode = 0x74;

    private MessageSections()
    {
    }

    public Header? Header { get; private set; }

    public Map Annotations { get; private set; } = [];

    public Properties? Properties { get; private set; }

    public ApplicationProperties? ApplicationProperties { get; private set; }

    /// <summary>Where the properties begin, or whatever follows the annotations.</summary>
    public int PropertiesOffset { get; private set; }

    /// <summary>Where the application properties begin, or whatever follows the properties.</summary>
    public int ApplicationOffset { get; private set; }

    /// <summary>Where the body begins.</summary>
    public int BodyOffset { get; private set; }

    /// <summary>Reads the sections before the properties, or, when told to, before the body.</summary>
    /// <exception cref="BrokerException">The bytes are no message.</exception>
    public static MessageSections Read(byte[] message, bool toBody)
    {
        try
        {
            var sections = new MessageSections();
            sections.ReadFrom(new ByteBuffer(message, 0, message.Length, message.Length), toBody);
            return sections;
        }
        catch (Exception exception) when (exception is not BrokerException)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
            throw new BrokerException(Refusal.InvalidArgument, $"The message is not a well-formed AMQP message: {exception.Message}");
        }
    }

    private void ReadFrom(ByteBuffer buffer, bool toBody)
    {
        while (NextCode(buffer) is HeaderCode or DeliveryAnnotationsCode or AnnotationsCode)
        {
            switch (Encoder.ReadObject(buffer))
            {
                case Header header:
                    Header = header;
                    break;
                case MessageAnnotations annotations:
                    Annotations = annotations.Map;
                    break;
            }
        }
        PropertiesOffset = buffer.Offset;
        if (!toBody) return;
        if (NextCode(buffer) == PropertiesCode) Properties = (Properties)Encoder.ReadObject(buffer);
        ApplicationOffset = buffer.Offset;
        if (NextCode(buffer) == ApplicationCode) ApplicationProperties = (ApplicationProperties)Encoder.ReadObject(buffer);
        BodyOffset = buffer.Offset;
    }

    private static ulong? NextCode(ByteBuffer buffer)
    {
        if (buffer.Length == 0) return null;
        (int offset, int length) = (buffer.Offset, buffer.Length);
        ValueGuard.Check(buffer.Buffer.AsSpan(0, buffer.WritePos), offset);
        ulong code = DispositionReader.ReadDescriptor(buffer);
        buffer.AdjustPosition(offset, length);
        return code;
    }
}
