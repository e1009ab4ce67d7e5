using System.Text.Json;
using System.Text.Json.Serialization;

namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>The shape of Microsoft's emulator's Config.json. Names that are not here are refused when the file is read.</summary>
internal sealed record EmulatorConfiguration([property: JsonRequired] UserSection UserConfig)
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNameCaseInsensitive = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };
}

internal sealed record UserSection(IReadOnlyList<NamespaceSection>? Namespaces, JsonElement? Logging);

internal sealed record NamespaceSection(string? Name, IReadOnlyList<QueueSection>? Queues, IReadOnlyList<TopicSection>? Topics);

internal sealed record QueueSection([property: JsonRequired] string Name, EntitySection? Properties);

internal sealed record TopicSection([property: JsonRequired] string Name, EntitySection? Properties, IReadOnlyList<SubscriptionSection>? Subscriptions);

internal sealed record SubscriptionSection([property: JsonRequired] string Name, EntitySection? Properties, IReadOnlyList<RuleSection>? Rules);

internal sealed record EntitySection
{
    public string? AutoDeleteOnIdle { get; init; }

    public bool? DeadLetteringOnFilterEvaluationExceptions { get; init; }

    public bool DeadLetteringOnMessageExpiration { get; init; }

    public string? DefaultMessageTimeToLive { get; init; }

    public string? DuplicateDetectionHistoryTimeWindow { get; init; }

    public bool? EnableBatchedOperations { get; init; }

    public string? ForwardDeadLetteredMessagesTo { get; init; }

    public string? ForwardTo { get; init; }

    public string? LockDuration { get; init; }

    public int? MaxDeliveryCount { get; init; }

    public long? MaxMessageSizeInKilobytes { get; init; }

    public long? MaxSizeInMegabytes { get; init; }

    public bool RequiresDuplicateDetection { get; init; }

    public bool RequiresSession { get; init; }

    public string? Status { get; init; }

    public string? UserMetadata { get; init; }
}

internal sealed record RuleSection(string? Name, RulePropertiesSection? Properties);

internal sealed record RulePropertiesSection(
    string? FilterType, CorrelationSection? CorrelationFilter, SqlSection? SqlFilter, SqlSection? Action);

internal sealed record SqlSection(string? SqlExpression);

internal sealed record CorrelationSection
{
    public string? ContentType { get; init; }

    public string? CorrelationId { get; init; }

    public string? Label { get; init; }

    public string? Subject { get; init; }

    public string? MessageId { get; init; }

    public string? ReplyTo { get; init; }

    public string? ReplyToSessionId { get; init; }

    public string? SessionId { get; init; }

    public string? To { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? Properties { get; init; }
}
