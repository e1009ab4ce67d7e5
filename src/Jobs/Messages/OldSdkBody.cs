using System.Text;
using System.Xml;

namespace HrNetBatch.Jobs.Messages;

/// <summary>
/// The body of a message that the old .NET SDK (WindowsAzure.ServiceBus) made of a string: one element in .NET's binary XML,
/// whose text is what was sent.
/// </summary>
internal static class OldSdkBody
{
    // <string xmlns="http://schemas.microsoft.com/2003/10/Serialization/">, up to the length of the name space.
    private static ReadOnlySpan<byte> Start => [0x40, 6, (byte)'s', (byte)'t', (byte)'r', (byte)'i', (byte)'n', (byte)'g', 0x08];

    /// <summary>The bytes of the text inside; the body as it is when the old SDK has not made it so.</summary>
    /// <exception cref="RefusedMessageException">It is the old SDK's, but no text can be read from it.</exception>
    public static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> body)
    {
        if (!body.Span.StartsWith(Start))
            return body;
        try
        {
            var quotas = new XmlDictionaryReaderQuotas { MaxDepth = 2, MaxStringContentLength = JobMessage.MaximumBodyBytes };
            using XmlDictionaryReader reader = XmlDictionaryReader.CreateBinaryReader(body.ToArray(), quotas);
            reader.MoveToContent();
            return Encoding.UTF8.GetBytes(reader.ReadElementContentAsString("string", "http://schemas.microsoft.com/2003/10/Serialization/"));
        }
        catch (Exception error) when (error is XmlException or FormatException or InvalidOperationException)
        {
            throw new RefusedMessageException(JobMessageRefusal.UndecodableBody,
                "body: is the binary XML into which the old .NET SDK (WindowsAzure.ServiceBus) turns what it sends, and no JSON can be read from it. "
                + "Send a BrokeredMessage of a stream of JSON in UTF-8, or use Azure.Messaging.ServiceBus");
        }
    }
}
