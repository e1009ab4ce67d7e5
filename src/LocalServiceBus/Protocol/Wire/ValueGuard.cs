using System.Buffers.Binary;

namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>
/// Looks over an encoded value before the library decodes it: the library trusts counts and follows any depth, and one frame of a few
/// bytes could take all memory or the stack.
/// </summary>
internal static class ValueGuard
{
    private const int MaxDepth = 32;

    /// <summary>Checks the value that begins at a place.</summary>
    /// <returns>Where it ends.</returns>
    /// <exception cref="WireException">It is cut off, too deep, or claims to hold more than it can.</exception>
    public static int Check(ReadOnlySpan<byte> bytes, int at)
    {
        try
        {
            return Skip(bytes, at, MaxDepth);
        }
        catch (Exception exception) when (exception is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw new WireException(WireException.DecodeError, "A value is cut off.", exception);
        }
    }

    private static int Skip(ReadOnlySpan<byte> bytes, int at, int depth)
    {
        if (depth == 0) throw new WireException(WireException.DecodeError, $"A value is nested more than {MaxDepth} deep.");
        byte code = bytes[at++];
        if (code == 0) return Skip(bytes, Skip(bytes, at, depth - 1), depth - 1);   // a described value
        int end = (code >> 4) switch
        {
            0x4 => at,
            0x5 => at + 1,
            0x6 => at + 2,
            0x7 => at + 4,
            0x8 => at + 8,
            0x9 => at + 16,
            0xa => at + 1 + bytes[at],
            0xb => at + 4 + Length(bytes, at),
            0xc => Elements(bytes, at + 1 + bytes[at], at + 2, bytes[at + 1], depth),
            0xd => Elements(bytes, at + 4 + Length(bytes, at), at + 8, Length(bytes, at + 4), depth),
            0xe => ArrayOf(bytes, at + 1 + bytes[at], at + 2, bytes[at + 1]),
            0xf => ArrayOf(bytes, at + 4 + Length(bytes, at), at + 8, Length(bytes, at + 4)),
            _ => throw new WireException(WireException.DecodeError, $"0x{code:x2} begins no value."),
        };
        return end <= bytes.Length ? end : throw new WireException(WireException.DecodeError, "A value is cut off.");
    }

    private static int Elements(ReadOnlySpan<byte> bytes, int end, int at, int count, int depth)
    {
        for (int i = 0; i < count; i++) at = Skip(bytes, at, depth - 1);
        return at <= end ? end : throw new WireException(WireException.DecodeError, "A list is longer than it says.");
    }

    private static int ArrayOf(ReadOnlySpan<byte> bytes, int end, int at, int count)
    {
        bool isSimple = bytes[at] >> 4 is >= 0x4 and <= 0xb;
        return isSimple && count <= end - at
            ? end
            : throw new WireException(WireException.DecodeError, "An array holds lists, maps or arrays, or more than it has room for.");
    }

    private static int Length(ReadOnlySpan<byte> bytes, int at)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
        return length <= bytes.Length ? (int)length : throw new WireException(WireException.DecodeError, "A value is cut off.");
    }
}
