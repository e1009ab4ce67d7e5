using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>Reads what frames say, through the library's public codec.</summary>
internal static class Performatives
{
    // The library makes its types known to its decoder when the first of them is used.
    static Performatives() => _ = new Open();

    /// <summary>
    /// Reads a frame's body: a <see cref="Disposition"/> or one of the library's performatives; null for an empty frame.
    /// </summary>
    /// <exception cref="WireException">It is not well formed.</exception>
    public static object? Read(byte[] body, out ArraySegment<byte> payload)
    {
        payload = default;
        if (body.Length == 0) return null;
        try
        {
            ValueGuard.Check(body, 0);
            var buffer = new ByteBuffer(body, 0, body.Length, body.Length);
            ulong descriptor = DispositionReader.ReadDescriptor(buffer);
            if (descriptor == DispositionReader.Descriptor) return DispositionReader.Read(buffer);
            buffer.Seek(0);
            object performative = Encoder.ReadObject(buffer);
            payload = new ArraySegment<byte>(body, buffer.Offset, buffer.Length);
            return performative;
        }
        catch (Exception exception) when (exception is not WireException)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
            throw new WireException(WireException.DecodeError, $"A frame cannot be decoded: {exception.Message}", exception);
        }
    }

    /// <summary>An error as the wire has it.</summary>
    public static Error Error(string condition, string description) => new(condition) { Description = description };
}
