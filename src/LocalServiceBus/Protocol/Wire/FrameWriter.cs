using System.Threading.Channels;
using Amqp;
using Amqp.Types;

namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>
/// Frames on their way to a client. They are gathered while earlier ones are being written, so that many small frames are one packet.
/// </summary>
internal sealed class FrameWriter(Stream stream)
{
    /// <summary>How much may wait before senders of messages should wait too.</summary>
    private const int CrowdedBytes = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ByteBuffer _waiting = new(8 * 1024, autoGrow: true);
    private TaskCompletionSource? _room;
    private bool _ended;

    /// <summary>How many frames and headers were given to it.</summary>
    public int Count { get; private set; }

    public void WriteProtocol(byte id)
    {
        lock (_gate)
        {
            AmqpBitConverter.WriteBytes(_waiting, [(byte)'A', (byte)'M', (byte)'Q', (byte)'P', id, 1, 0, 0], 0, 8);
            Written();
        }
    }

    /// <summary>Writes a frame; without a performative it only says that we live.</summary>
    public void Write(byte type, ushort channel, DescribedList? performative, ReadOnlyMemory<byte> payload = default)
    {
        lock (_gate)
        {
            int start = _waiting.Length;
            AmqpBitConverter.WriteUInt(_waiting, 0);
            AmqpBitConverter.WriteUByte(_waiting, 2);
            AmqpBitConverter.WriteUByte(_waiting, type);
            AmqpBitConverter.WriteUShort(_waiting, channel);
            if (performative is not null) Encoder.WriteObject(_waiting, performative);
            _waiting.ValidateWrite(payload.Length);
            payload.Span.CopyTo(_waiting.Buffer.AsSpan(_waiting.WritePos));
            _waiting.Append(payload.Length);
            AmqpBitConverter.WriteInt(_waiting.Buffer, _waiting.Offset + start, _waiting.Length - start);
            Written();
        }
    }

    /// <summary>Ends when there is room for another message.</summary>
    public Task RoomAsync()
    {
        lock (_gate)
        {
            if (_waiting.Length < CrowdedBytes || _ended) return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task;
        }
    }

    /// <summary>Says that nothing more comes; <see cref="RunAsync"/> ends when all is written.</summary>
    public void End()
    {
        lock (_gate) _ended = true;
        _signal.Writer.TryComplete();
    }

    /// <summary>Writes to the stream until the end, or until the stream breaks.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var written = new ByteBuffer(8 * 1024, autoGrow: true);
        try
        {
            bool more;
            do
            {
                more = await _signal.Reader.WaitToReadAsync(cancellationToken);
                _signal.Reader.TryRead(out _);
                lock (_gate)
                {
                    (written, _waiting) = (_waiting, written);
                    _room?.SetResult();
                    _room = null;
                }
                if (written.Length > 0) await stream.WriteAsync(written.Buffer.AsMemory(written.Offset, written.Length), cancellationToken);
                written.Reset();
                if (written.Capacity > 2 * CrowdedBytes) written = new ByteBuffer(8 * 1024, autoGrow: true);
            }
            while (more);
        }
        finally
        {
            lock (_gate)
            {
                _ended = true;
                _room?.TrySetResult();
            }
        }
    }

    private void Written()
    {
        Count++;
        _signal.Writer.TryWrite(true);
    }
}
