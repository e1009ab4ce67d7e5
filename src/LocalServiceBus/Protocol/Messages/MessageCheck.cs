using Amqp;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Protocol.Messages;

/// <summary>
/// Refuses messages that receivers could not decode. An SDK that meets one fails the whole receive and takes its neighbours along, so it
/// must not get past the door.
/// </summary>
internal static class MessageCheck
{
    private const ulong Header = 0x70, ApplicationProperties = 0x74, Data = 0x75, Sequence = 0x76, Value = 0x77, Footer = 0x78;

    private static readonly string[] Names =
    [
        "header", "delivery annotations", "message annotations", "properties", "application properties", "data", "sequence", "value",
        "footer",
    ];

    /// <summary>Checks all sections of a message: that they are known, in order, and hold what they should.</summary>
    /// <exception cref="BrokerException">They do not.</exception>
    public static void ThrowIfUndecodable(byte[] message)
    {
        ulong last = 0;
        for (int at = 0; at < message.Length;)
        {
            int end = End(message, at);
            var section = new ByteBuffer(message, at, end - at, end - at);
            ulong code = Code(section, at);
            CheckOrder(code, last);
            CheckContent(code, message[section.Offset]);
            if (code != Data) CheckValue(code, section);
            (last, at) = (code, end);
        }
    }

    private static int End(byte[] message, int at)
    {
        try
        {
            return ValueGuard.Check(message, at);
        }
        catch (WireException exception)
        {
            throw Refused($"What begins at byte {at} is no section: {exception.Message}");
        }
    }

    private static ulong Code(ByteBuffer section, int at)
    {
        ulong code;
        try
        {
            code = DispositionReader.ReadDescriptor(section);
        }
        catch (Exception)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
            throw Refused($"What begins at byte {at} is no section.");
        }
        return code is >= Header and <= Footer ? code : throw Refused($"The section at byte {at} is of an unknown kind (0x{code:x}).");
    }

    // The codes of the sections rise in the order that the protocol asks for. There is one body: several data sections, several
    // sequences, or one value.
    private static void CheckOrder(ulong code, ulong last)
    {
        bool isMore = code == last && code is Data or Sequence;
        bool isOtherBody = code is Sequence or Value && last is Data or Sequence;
        if (!isMore && (code <= last || isOtherBody))
            throw Refused($"A section '{Names[code - Header]}' cannot follow a section '{Names[last - Header]}'.");
    }

    private static void CheckContent(ulong code, byte format)
    {
        const byte List0 = 0x45, List8 = 0xc0, List32 = 0xd0, Map8 = 0xc1, Map32 = 0xd1, Binary8 = 0xa0, Binary32 = 0xb0;
        bool fits = code switch
        {
            Value => true,
            Data => format is Binary8 or Binary32,
            0x70 or 0x73 or Sequence => format is List0 or List8 or List32,
            _ => format is Map8 or Map32,
        };
        if (!fits) throw Refused($"The section '{Names[code - Header]}' holds a value of the wrong type (0x{format:x2}).");
    }

    private static void CheckValue(ulong code, ByteBuffer section)
    {
        object? value;
        try
        {
            value = Encoder.ReadObject(section);
        }
        catch (Exception exception)
        {
            // The decoder has no exception type of its own for bytes that make no sense.
            throw Refused($"The section '{Names[code - Header]}' cannot be decoded: {exception.Message}");
        }
        if (code != ApplicationProperties) return;
        foreach ((object name, object? property) in (Map)value!)
        {
            if (name is not string) throw Refused($"The name of an application property is no string ('{name}').");
            if (!IsSimple(property)) throw Refused($"The application property '{name}' holds a value of a type that receivers do not know.");
        }
    }

    private static bool IsSimple(object? value)
    {
        if (value is DescribedValue described)
        {
            return described.Descriptor.ToString() switch
            {
                "com.microsoft:uri" => described.Value is string text && Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out _),
                "com.microsoft:timespan" => described.Value is long,
                "com.microsoft:datetime-offset" => described.Value is long ticks && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks,
                _ => IsSimple(described.Value),
            };
        }
        return value is byte[] || value is not (System.Collections.IList or System.Collections.IDictionary or Described);
    }

    private static BrokerException Refused(string fault) => new(Refusal.InvalidArgument, $"No receiver could decode the message. {fault}");
}
