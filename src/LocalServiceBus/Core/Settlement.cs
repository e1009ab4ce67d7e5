namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What a receiver decided about a message that it holds.</summary>
internal abstract record Settlement;

/// <summary>The message is done with.</summary>
internal sealed record Completion : Settlement;

/// <summary>The message goes back unseen: this delivery does not count.</summary>
internal sealed record Giveback : Settlement;

/// <summary>The message goes back, and the delivery counts.</summary>
internal sealed record Abandonment(IReadOnlyDictionary<string, object?> Properties) : Settlement;

/// <summary>The message waits for whoever asks for it by its number.</summary>
internal sealed record Deferral(IReadOnlyDictionary<string, object?> Properties) : Settlement;

/// <summary>The message moves to the dead letters.</summary>
internal sealed record DeadLettering(string? Reason, string? Description, IReadOnlyDictionary<string, object?> Properties) : Settlement;
