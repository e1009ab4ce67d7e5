namespace HrNetBatch.LocalServiceBus.Protocol.Wire;

/// <summary>A frame as it came. Its body is a performative and, for transfers, a part of a message.</summary>
internal readonly record struct Frame(byte Type, ushort Channel, byte[] Body)
{
    public const byte Amqp = 0, Sasl = 1;

    /// <summary>The bytes of a frame before its body, as everybody writes them.</summary>
    public const int HeaderSize = 8;
}
