namespace HrNetBatch.TestKit;

/// <summary>A message that no client of Service Bus can decode, for a test that puts it into the broker from inside: at the door it is refused.</summary>
public static class UndecodableMessage
{
    /// <summary>Its bytes in AMQP: properties with the message id, a body, and a section that there is not.</summary>
    public static byte[] Content(string id) =>
    [
        0x00, 0x53, 0x73, 0xC0, (byte)(id.Length + 3), 1, 0xA1, (byte)id.Length, .. System.Text.Encoding.ASCII.GetBytes(id),
        0x00, 0x53, 0x75, 0xA0, 2, (byte)'{', (byte)'}',
        0x00, 0x53, 0x7F, 0x40,
    ];
}
