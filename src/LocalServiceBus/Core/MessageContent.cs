using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>How filters and actions look into messages, which are bytes to the core.</summary>
/// <param name="Read">What filters see of a message.</param>
/// <param name="Write">The message with these properties instead of its own.</param>
public sealed record MessageContent(Func<byte[], FilteredMessage> Read, Func<byte[], FilteredMessage, byte[]> Write);
