using System.Xml;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>Turns the properties of an entity into its options.</summary>
internal static class EntityProperties
{
    private static readonly EntityKind[] Receiving = [EntityKind.Queue, EntityKind.Subscription];
    private static readonly EntityKind[] Sending = [EntityKind.Queue, EntityKind.Topic];
    private static readonly EntityKind[] Filtering = [EntityKind.Subscription];
    private static readonly TimeSpan LongestLock = TimeSpan.FromMinutes(5), LongestWindow = TimeSpan.FromDays(7);

    public static EntityOptions Read(string where, EntityKind kind, EntitySection? section)
    {
        section ??= new EntitySection();
        if (Misplaced(kind, section) is { } name)
            throw new ConfigurationException($"{where}: {name} is nothing that a {kind.ToString().ToLowerInvariant()} has. Remove it.");
        var defaults = new EntityOptions();
        TimeSpan window = Duration(where, nameof(section.DuplicateDetectionHistoryTimeWindow), section.DuplicateDetectionHistoryTimeWindow, LongestWindow)
            ?? TimeSpan.FromMinutes(10);
        return new EntityOptions
        {
            LockDuration = Duration(where, nameof(section.LockDuration), section.LockDuration, LongestLock) ?? defaults.LockDuration,
            MaxDeliveryCount = section.MaxDeliveryCount switch
            {
                null => defaults.MaxDeliveryCount,
                >= 1 and var count => count,
                _ => throw new ConfigurationException($"{where}: MaxDeliveryCount is {section.MaxDeliveryCount}; it must be 1 or more."),
            },
            DefaultTimeToLive = Duration(where, nameof(section.DefaultMessageTimeToLive), section.DefaultMessageTimeToLive, TimeSpan.MaxValue),
            DeadLetterExpired = section.DeadLetteringOnMessageExpiration,
            RequiresSession = section.RequiresSession,
            DuplicateWindow = section.RequiresDuplicateDetection ? window : null,
            AutoDeleteOnIdle = Duration(where, nameof(section.AutoDeleteOnIdle), section.AutoDeleteOnIdle, TimeSpan.MaxValue),
            DeadLetterFilterErrors = section.DeadLetteringOnFilterEvaluationExceptions ?? defaults.DeadLetterFilterErrors,
            EnableBatchedOperations = section.EnableBatchedOperations ?? defaults.EnableBatchedOperations,
            ForwardTo = Text(section.ForwardTo),
            ForwardDeadLettersTo = Text(section.ForwardDeadLetteredMessagesTo),
            MaxMessageKilobytes = section.MaxMessageSizeInKilobytes,
            MaxSizeMegabytes = section.MaxSizeInMegabytes ?? defaults.MaxSizeMegabytes,
            Status = Status(where, section.Status),
            UserMetadata = Text(section.UserMetadata),
        };
    }

    // What an entity of this kind would ignore.
    private static string? Misplaced(EntityKind kind, EntitySection section)
    {
        foreach ((string name, bool isSet, EntityKind[] kinds) in (ReadOnlySpan<(string, bool, EntityKind[])>)
        [
            (nameof(section.LockDuration), section.LockDuration is not null, Receiving),
            (nameof(section.MaxDeliveryCount), section.MaxDeliveryCount is not null, Receiving),
            (nameof(section.RequiresSession), section.RequiresSession, Receiving),
            (nameof(section.ForwardTo), Text(section.ForwardTo) is not null, Receiving),
            (nameof(section.ForwardDeadLetteredMessagesTo), Text(section.ForwardDeadLetteredMessagesTo) is not null, Receiving),
            (nameof(section.DeadLetteringOnMessageExpiration), section.DeadLetteringOnMessageExpiration, Receiving),
            (nameof(section.DeadLetteringOnFilterEvaluationExceptions), section.DeadLetteringOnFilterEvaluationExceptions is not null, Filtering),
            (nameof(section.RequiresDuplicateDetection), section.RequiresDuplicateDetection, Sending),
            (nameof(section.MaxSizeInMegabytes), section.MaxSizeInMegabytes is not null, Sending),
            (nameof(section.MaxMessageSizeInKilobytes), section.MaxMessageSizeInKilobytes is not null, Sending),
        ])
        {
            if (isSet && !kinds.Contains(kind)) return name;
        }
        return null;
    }

    private static EntityStatus Status(string where, string? value) => string.IsNullOrEmpty(value) ? EntityStatus.Active
        : Enum.TryParse(value, ignoreCase: true, out EntityStatus status) && !char.IsAsciiDigit(value[0]) ? status
        : throw new ConfigurationException($"{where}: Status is '{value}'; write {string.Join(", ", Enum.GetNames<EntityStatus>())}.");

    private static string? Text(string? value) => string.IsNullOrEmpty(value) ? null : value;

    private static TimeSpan? Duration(string where, string name, string? value, TimeSpan longest)
    {
        if (string.IsNullOrEmpty(value)) return null;
        try
        {
            TimeSpan duration = XmlConvert.ToTimeSpan(value);
            if (duration > TimeSpan.Zero && duration <= longest) return duration;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            // Said below.
        }
        string limit = longest == TimeSpan.MaxValue ? "" : $", of at most {XmlConvert.ToString(longest)}";
        throw new ConfigurationException($"{where}: {name} is '{value}'; write a duration as in PT30S or PT1H{limit}.");
    }
}
