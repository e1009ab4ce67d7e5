using Amqp;
using Amqp.Types;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>Typed properties as bytes: an AMQP map, so that every type that a client can send comes back as it was.</summary>
internal static class PropertyEncoding
{
    public static byte[]? Encode(IReadOnlyDictionary<string, object?> properties)
    {
        if (properties.Count == 0) return null;
        var map = new Map();
        foreach ((string name, object? value) in properties) map[name] = value;
        var buffer = new ByteBuffer(256, autoGrow: true);
        Encoder.WriteMap(buffer, map, smallEncoding: true);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    public static IReadOnlyDictionary<string, object?> Decode(byte[]? bytes)
    {
        if (bytes is null) return Core.Message.NoProperties;
        var map = (Map)Encoder.ReadObject(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
        return map.ToDictionary(property => (string)property.Key, property => (object?)property.Value);
    }
}
