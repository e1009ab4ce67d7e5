namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>What a filter sees of a message.</summary>
/// <param name="System">System properties by the names of SQL filters: MessageId, CorrelationId, Label, To, ReplyTo, SessionId, ReplyToSessionId, ContentType.</param>
/// <param name="Application">The sender's own properties.</param>
public sealed record FilteredMessage(IReadOnlyDictionary<string, object?> System, IReadOnlyDictionary<string, object?> Application);
