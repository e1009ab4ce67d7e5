using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>Cuts what comes from a client into protocol headers and frames.</summary>
internal sealed class FrameReader(PipeReader input)
{
    /// <summary>The largest frame that clients may send; Service Bus's own limit.</summary>
    public const int MaxFrameSize = 64 * 1024;

    /// <summary>Reads the eight bytes that begin a protocol.</summary>
    /// <returns>The protocol's id: 0 AMQP, 2 TLS, 3 SASL; null when the client is gone.</returns>
    public async ValueTask<byte?> ReadProtocolAsync(CancellationToken cancellationToken)
    {
        byte[]? header = await ReadAsync(8, cancellationToken);
        if (header is null) return null;
        return header.AsSpan().StartsWith("AMQP"u8) && header[5] == 1
            ? header[4]
            : throw new WireException(WireException.FramingError, "This is not AMQP 1.0.");
    }

    /// <summary>Reads a frame; null when the client is gone.</summary>
    public async ValueTask<Frame?> ReadFrameAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellationToken);
            if (TryParse(read.Buffer, out Frame frame, out SequencePosition consumed))
            {
                input.AdvanceTo(consumed);
                return frame;
            }
            if (read.IsCompleted) return null;
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static bool TryParse(ReadOnlySequence<byte> buffer, out Frame frame, out SequencePosition consumed)
    {
        frame = default;
        consumed = buffer.Start;
        if (buffer.Length < Frame.HeaderSize) return false;
        Span<byte> header = stackalloc byte[Frame.HeaderSize];
        buffer.Slice(0, Frame.HeaderSize).CopyTo(header);
        uint size = BinaryPrimitives.ReadUInt32BigEndian(header);
        int offset = header[4] * 4;
        if (size > MaxFrameSize || offset < Frame.HeaderSize || size < offset)
            throw new WireException(WireException.FramingError, $"A frame of {size} bytes with {offset} bytes of header; {MaxFrameSize} are allowed.");
        if (buffer.Length < size) return false;
        frame = new Frame(header[5], BinaryPrimitives.ReadUInt16BigEndian(header[6..]), buffer.Slice(offset, size - offset).ToArray());
        consumed = buffer.GetPosition(size);
        return true;
    }

    private async ValueTask<byte[]?> ReadAsync(int count, CancellationToken cancellationToken)
    {
        ReadResult read = await input.ReadAtLeastAsync(count, cancellationToken);
        if (read.Buffer.Length < count) return null;
        byte[] bytes = read.Buffer.Slice(0, count).ToArray();
        input.AdvanceTo(read.Buffer.GetPosition(count));
        return bytes;
    }
}
