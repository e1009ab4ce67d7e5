using System.Text;
using Azure.Core.Amqp;

namespace HrNetBatch.Jobs.Messages;

/// <summary>The body of a message, however AMQP carries it. The SDK gives only the most usual form, and throws for the others.</summary>
public static class AmqpBody
{
    /// <summary>The bytes of data sections, or of a text or bytes as an AMQP value; null for anything else.</summary>
    public static ReadOnlyMemory<byte>? Bytes(AmqpAnnotatedMessage message)
    {
        if (message.Body.TryGetData(out IEnumerable<ReadOnlyMemory<byte>>? sections) && sections is not null)
            return sections.ToArray() is [var only] ? only : (byte[])[.. sections.SelectMany(section => section.ToArray())];
        _ = message.Body.TryGetValue(out object? value);
        return value switch
        {
            string text => Encoding.UTF8.GetBytes(text),
            byte[] bytes => bytes,
            ArraySegment<byte> bytes => bytes.AsMemory(),
            _ => default(ReadOnlyMemory<byte>?), // null alone would convert to empty
        };
    }
}
