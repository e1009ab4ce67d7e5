using Amqp.Types;

namespace HrNetBatch.LocalServiceBus.Protocol.Messages;

/// <summary>Properties that a client wants changed.</summary>
internal static class PropertyMap
{
    public static IReadOnlyDictionary<string, object?> Read(Map? map) => map is null || map.Count == 0
        ? Core.Message.NoProperties
        : map.ToDictionary(property => property.Key.ToString()!, property => (object?)property.Value);
}
