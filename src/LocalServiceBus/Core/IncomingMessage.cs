namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>A message on its way in, with the parts of it that the core needs to know.</summary>
/// <param name="Content">The message as its sender encoded it.</param>
/// <param name="MessageId">The sender's name for it: what duplicate detection compares.</param>
public sealed record IncomingMessage(byte[] Content, string MessageId)
{
    /// <summary>The session that it belongs to.</summary>
    public string? SessionId { get; init; }

    /// <summary>How long it is worth anything; null: as long as the entity says.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>When it becomes active; null or past: at once.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }
}
