using System.Xml;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>Turns the properties of an entity into its options.</summary>
internal static class EntityProperties
{
    private static readonly TimeSpan LongestLock = TimeSpan.FromMinutes(5), LongestWindow = TimeSpan.FromDays(7);

    public static EntityOptions Read(string where, EntitySection? section)
    {
        section ??= new EntitySection();
        Refuse(where, nameof(section.ForwardTo), section.ForwardTo);
        Refuse(where, nameof(section.ForwardDeadLetteredMessagesTo), section.ForwardDeadLetteredMessagesTo);
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
        };
    }

    private static void Refuse(string where, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            throw new ConfigurationException($"{where}: {name} is '{value}', but this broker does not forward messages. Leave it empty.");
    }

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
