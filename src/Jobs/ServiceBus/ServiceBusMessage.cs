namespace HrNetBatch.Jobs.ServiceBus;

/// <summary>A message as its sender made it.</summary>
public record ServiceBusMessage
{
    /// <summary>The sender's name for it, at most 128 characters; a broker that detects duplicates drops a second one of the same name.</summary>
    public required string MessageId { get; init; }

    /// <summary>What it is about (also called the label).</summary>
    public string? Subject { get; init; }

    /// <summary>The media type of the body.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body; null in a received message whose body is no bytes (an AMQP value or sequence).</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>What it belongs to or answers.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>The sender's own properties; values are strings, numbers, booleans, Guids, byte arrays or times.</summary>
    public IReadOnlyDictionary<string, object?> ApplicationProperties { get; init; } = new Dictionary<string, object?>();

    /// <summary>How long it is worth anything; null: as long as the entity says.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>When it appears in the queue; null: at once.</summary>
    public DateTimeOffset? ScheduledEnqueueTime { get; init; }
}
