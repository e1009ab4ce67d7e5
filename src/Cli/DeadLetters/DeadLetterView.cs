using System.Text;
using System.Text.Unicode;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Messages;

namespace HrNetBatch.Cli.DeadLetters;

/// <summary>A dead letter as <c>--json</c> shows it.</summary>
internal sealed record DeadLetterView
{
    /// <summary>Its number in the dead-letter queue.</summary>
    public required long SequenceNumber { get; init; }

    /// <summary>The sender's name for it; of one that was sent once more, that of the first sending.</summary>
    public required string MessageId { get; init; }

    /// <summary>The kind that it asks for.</summary>
    public required string? Subject { get; init; }

    /// <summary>Why it is a dead letter.</summary>
    public required string? Reason { get; init; }

    /// <summary>What is wrong with it.</summary>
    public required string? Description { get; init; }

    /// <summary>When the broker accepted it.</summary>
    public required DateTimeOffset EnqueuedTime { get; init; }

    /// <summary>The sender's properties; null in a list.</summary>
    public IReadOnlyDictionary<string, string?>? Properties { get; init; }

    /// <summary>The media type of the body; null in a list.</summary>
    public string? ContentType { get; init; }

    /// <summary>The body where it is text; null in a list.</summary>
    public string? Body { get; init; }

    /// <summary>The body where it is no text; null in a list.</summary>
    public byte[]? BodyBytes { get; init; }

    /// <summary>What a list shows.</summary>
    public static DeadLetterView Short(ServiceBusReceivedMessage message) => new()
    {
        SequenceNumber = message.SequenceNumber,
        MessageId = JobMessage.IdOf(message),
        Subject = message.Subject,
        Reason = message.DeadLetterReason,
        Description = message.DeadLetterErrorDescription,
        EnqueuedTime = message.EnqueuedTime,
    };

    /// <summary>All of it.</summary>
    public static DeadLetterView Whole(ServiceBusReceivedMessage message)
    {
        ReadOnlyMemory<byte>? bytes = AmqpBody.Bytes(message.GetRawAmqpMessage());
        ReadOnlyMemory<byte> body = bytes ?? default;
        bool isText = Utf8.IsValid(body.Span);
        return Short(message) with
        {
            ContentType = message.ContentType,
            Properties = message.ApplicationProperties
                .Where(property => property.Key is not ("DeadLetterReason" or "DeadLetterErrorDescription"))
                .ToDictionary(property => property.Key, property => property.Value?.ToString()),
            Body = isText && bytes is not null ? Encoding.UTF8.GetString(body.Span) : null,
            BodyBytes = isText ? null : body.ToArray(),
        };
    }
}
