using Amqp;
using Amqp.Types;

namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>
/// Reads dispositions. The library's own reader takes only symbols as keys in an error's details and in changed annotations; the
/// JavaScript SDK sends strings there.
/// </summary>
internal static class DispositionReader
{
    public const ulong Descriptor = 0x15;

    private const ulong Error = 0x1d, Received = 0x23, Accepted = 0x24, Rejected = 0x25, Released = 0x26, Modified = 0x27, Transactional = 0x34;

    /// <summary>Reads what follows the descriptor.</summary>
    public static Disposition Read(ByteBuffer buffer)
    {
        int count = ReadListHeader(buffer);
        bool isReceiver = (bool)Encoder.ReadObject(buffer);
        uint first = (uint)Encoder.ReadObject(buffer);
        uint last = count > 2 ? Encoder.ReadObject(buffer) as uint? ?? first : first;
        bool isSettled = count > 3 && Encoder.ReadObject(buffer) is true;
        byte[]? transaction = null;
        DeliveryOutcome? outcome = count > 4 ? ReadOutcome(buffer, ref transaction) : null;
        return new Disposition(isReceiver, first, last, isSettled, outcome, transaction);
    }

    /// <summary>Reads the descriptor of what comes next.</summary>
    public static ulong ReadDescriptor(ByteBuffer buffer)
    {
        const byte Described = 0;
        if (AmqpBitConverter.ReadUByte(buffer) != Described) throw Malformed("a described type");
        return Encoder.ReadObject(buffer) switch
        {
            ulong code => code,
            Symbol name => Named(name),
            _ => throw Malformed("a descriptor"),
        };
    }

    private static DeliveryOutcome? ReadOutcome(ByteBuffer buffer, ref byte[]? transaction)
    {
        if (TakeNull(buffer)) return null;
        ulong kind = ReadDescriptor(buffer);
        int count = ReadListHeader(buffer);
        switch (kind)
        {
            case Accepted:
                return new AcceptedOutcome();
            case Released:
                return new ReleasedOutcome();
            case Rejected:
                if (count == 0 || TakeNull(buffer)) return new RejectedOutcome(null, null, null);
                if (ReadDescriptor(buffer) != Error) throw Malformed("an error");
                count = ReadListHeader(buffer);
                return new RejectedOutcome(
                    count > 0 ? (Symbol?)Encoder.ReadObject(buffer) : null,
                    count > 1 ? (string?)Encoder.ReadObject(buffer) : null,
                    count > 2 ? (Map?)Encoder.ReadObject(buffer) : null);
            case Modified:
                if (count > 0) Encoder.ReadObject(buffer);   // delivery-failed: SDKs abandon without it, so it decides nothing
                return new ModifiedOutcome(
                    count > 1 && Encoder.ReadObject(buffer) is true,
                    count > 2 ? (Map?)Encoder.ReadObject(buffer) : null);
            case Received:
                return null;
            case Transactional when transaction is null && count > 0:
                transaction = Encoder.ReadObject(buffer) as byte[] ?? throw Malformed("the id of a transaction");
                return count > 1 ? ReadOutcome(buffer, ref transaction) : null;
            default:
                throw Malformed("an outcome");
        }
    }

    private static ulong Named(string name) => name switch
    {
        "amqp:disposition:list" => Descriptor,
        "amqp:error:list" => Error,
        "amqp:received:list" => Received,
        "amqp:accepted:list" => Accepted,
        "amqp:rejected:list" => Rejected,
        "amqp:released:list" => Released,
        "amqp:modified:list" => Modified,
        "amqp:transactional-state:list" => Transactional,
        _ => ulong.MaxValue,
    };

    private static int ReadListHeader(ByteBuffer buffer)
    {
        const byte List0 = 0x45, List8 = 0xc0, List32 = 0xd0;
        switch (AmqpBitConverter.ReadUByte(buffer))
        {
            case List0:
                return 0;
            case List8:
                AmqpBitConverter.ReadUByte(buffer);
                return AmqpBitConverter.ReadUByte(buffer);
            case List32:
                AmqpBitConverter.ReadUInt(buffer);
                return (int)AmqpBitConverter.ReadUInt(buffer);
            default:
                throw Malformed("a list");
        }
    }

    private static bool TakeNull(ByteBuffer buffer)
    {
        const byte Null = 0x40;
        if (buffer.Length == 0 || buffer.Buffer[buffer.Offset] != Null) return false;
        AmqpBitConverter.ReadUByte(buffer);
        return true;
    }

    private static WireException Malformed(string expected) => new(WireException.DecodeError, $"Expected {expected}.");
}
