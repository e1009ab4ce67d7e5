using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Protocol.Messages;

/// <summary>Writes what the actions of rules made of a message.</summary>
internal static class MessageRewriter
{
    /// <summary>How the core looks into AMQP messages.</summary>
    public static MessageContent Content { get; } = new(MessageReader.ReadForFilters, Write);

    /// <summary>A message with other properties; its annotations and body stay as they were.</summary>
    private static byte[] Write(byte[] content, FilteredMessage changed)
    {
        MessageSections sections = MessageSections.Read(content, toBody: true);
        var application = new ApplicationProperties();
        foreach ((string name, object? value) in changed.Application)
            application.Map[name] = value is TimeSpan duration ? duration.ToString("c") : value;
        var buffer = new ByteBuffer(content.Length + 128, autoGrow: true);
        AmqpBitConverter.WriteBytes(buffer, content, 0, sections.PropertiesOffset);
        Encoder.WriteObject(buffer, Properties(sections.Properties, changed.System));
        Encoder.WriteObject(buffer, application);
        AmqpBitConverter.WriteBytes(buffer, content, sections.BodyOffset, content.Length - sections.BodyOffset);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    private static Properties Properties(Properties? sent, IReadOnlyDictionary<string, object?> system)
    {
        Properties properties = sent ?? new Properties();
        // Ids of other types than text stay what they were, unless an action changed them.
        if (Changed("MessageId", properties.GetMessageId(), out string? messageId)) properties.MessageId = messageId;
        if (Changed("CorrelationId", properties.GetCorrelationId(), out string? correlationId)) properties.CorrelationId = correlationId;
        properties.Subject = Text("Label");
        properties.To = Text("To");
        properties.ReplyTo = Text("ReplyTo");
        properties.GroupId = Text("SessionId");
        properties.ReplyToGroupId = Text("ReplyToSessionId");
        properties.ContentType = Text("ContentType");
        return properties;

        string? Text(string name) => system.GetValueOrDefault(name) as string;

        bool Changed(string name, object? sentValue, out string? value)
        {
            value = Text(name);
            return value != MessageReader.Text(sentValue);
        }
    }
}
