using System.Xml;
using System.Xml.Linq;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Security;

namespace HrNetBatch.LocalServiceBus.Administration;

/// <summary>Queues, topics and subscriptions as administration clients describe them. What this broker lacks is refused by name.</summary>
internal sealed record EntityXml(EntityKind Kind, EntityOptions Options, Rule? DefaultRule)
{
    private static readonly XNamespace Details = "http://schemas.microsoft.com/netservices/2011/06/servicebus";
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromMinutes(10);

    /// <summary>Reads an entry.</summary>
    /// <exception cref="BrokerException">It asks for something that this broker lacks.</exception>
    /// <exception cref="FormatException">It is not well formed.</exception>
    public static EntityXml Read(XElement entry, int maxMessageBytes)
    {
        XElement description = Atom.Content(entry);
        EntityKind kind = description.Name.LocalName switch
        {
            "QueueDescription" => EntityKind.Queue,
            "TopicDescription" => EntityKind.Topic,
            "SubscriptionDescription" => EntityKind.Subscription,
            var other => throw new FormatException($"{other} describes no queue, topic or subscription."),
        };
        var options = new EntityOptions();
        foreach (XElement element in description.Elements()) options = Read(options, element);
        bool detectsDuplicates = Truth(description.Element(Atom.ServiceBus + "RequiresDuplicateDetection"));
        TimeSpan? window = Duration(description.Element(Atom.ServiceBus + "DuplicateDetectionHistoryTimeWindow"));
        if (options.MaxMessageKilobytes > maxMessageBytes / 1024)
        {
            throw new BrokerException(
                Refusal.InvalidArgument,
                $"MaxMessageSizeInKilobytes is {options.MaxMessageKilobytes}, but this broker takes {maxMessageBytes / 1024}. "
                + "Start it with a larger --max-message-kb.");
        }
        XElement? rule = description.Element(Atom.ServiceBus + "DefaultRuleDescription");
        options = options with { DuplicateWindow = detectsDuplicates ? window ?? DefaultWindow : null };
        return new EntityXml(kind, options, rule is null ? null : RuleXml.Read(rule));
    }

    /// <summary>Writes an entity with its counts.</summary>
    /// <param name="entity">The entity.</param>
    /// <param name="address">The address of what it forwards to.</param>
    public static XElement Write(EntitySnapshot entity, Func<string, string> address)
    {
        (EntityKind kind, EntityOptions options, EntityCounts counts) = (entity.Description.Kind, entity.Description.Options, entity.Counts);
        bool isTopic = kind == EntityKind.Topic, isSubscription = kind == EntityKind.Subscription;
        return new XElement(Atom.ServiceBus + $"{kind}Description", (object?[])
        [
            isTopic ? null : Duration("LockDuration", options.LockDuration),
            isSubscription ? null : Atom.Element("MaxSizeInMegabytes", options.MaxSizeMegabytes),
            isSubscription ? null : Atom.Element("RequiresDuplicateDetection", options.DuplicateWindow is not null),
            isTopic ? null : Atom.Element("RequiresSession", options.RequiresSession),
            Duration("DefaultMessageTimeToLive", options.DefaultTimeToLive),
            isTopic ? null : Atom.Element("DeadLetteringOnMessageExpiration", options.DeadLetterExpired),
            isSubscription ? Atom.Element("DeadLetteringOnFilterEvaluationExceptions", options.DeadLetterFilterErrors) : null,
            isSubscription ? null : Duration("DuplicateDetectionHistoryTimeWindow", options.DuplicateWindow ?? DefaultWindow),
            isTopic ? null : Atom.Element("MaxDeliveryCount", options.MaxDeliveryCount),
            Atom.Element("EnableBatchedOperations", options.EnableBatchedOperations),
            isTopic ? Atom.Element("FilteringMessagesBeforePublishing", false) : null,
            isSubscription ? null : Atom.Element("IsAnonymousAccessible", false),
            isSubscription ? null : Atom.Element("AuthorizationRules", null),
            Atom.Element("Status", options.Status),
            options.ForwardTo is { } target ? Atom.Element("ForwardTo", address(target)) : null,
            options.UserMetadata is { } note ? Atom.Element("UserMetadata", note) : null,
            isSubscription ? null : Atom.Element("SizeInBytes", counts.Bytes),
            Atom.Element("MessageCount", counts.Total),
            Atom.Element("CreatedAt", Atom.Time(entity.Description.CreatedAt)),
            Atom.Element("UpdatedAt", Atom.Time(entity.Description.UpdatedAt)),
            Atom.Element("AccessedAt", Atom.Time(entity.AccessedAt)),
            isSubscription ? null : Atom.Element("SupportOrdering", true),
            CountDetails(counts),
            isTopic ? Atom.Element("SubscriptionCount", counts.Subscriptions) : null,
            Duration("AutoDeleteOnIdle", options.AutoDeleteOnIdle),
            isSubscription ? null : Atom.Element("EnablePartitioning", false),
            options.ForwardDeadLettersTo is { } dead ? Atom.Element("ForwardDeadLetteredMessagesTo", address(dead)) : null,
            Atom.Element("EntityAvailabilityStatus", "Available"),
            isSubscription ? null : Atom.Element("EnableExpress", false),
            options.MaxMessageKilobytes is { } kilobytes ? Atom.Element("MaxMessageSizeInKilobytes", kilobytes) : null,
        ]);
    }

    // With a prefix of its own, which the JavaScript client looks for.
    private static XElement CountDetails(EntityCounts counts) => new(
        Atom.ServiceBus + "CountDetails",
        new XAttribute(XNamespace.Xmlns + "d2p1", Details.NamespaceName),
        new XElement(Details + "ActiveMessageCount", counts.Active),
        new XElement(Details + "DeadLetterMessageCount", counts.DeadLetters),
        new XElement(Details + "ScheduledMessageCount", counts.Scheduled),
        new XElement(Details + "TransferMessageCount", 0),
        new XElement(Details + "TransferDeadLetterMessageCount", counts.TransferDeadLetters));

    private static EntityOptions Read(EntityOptions options, XElement element)
    {
        string name = element.Name.LocalName, value = element.Value;
        switch (name)
        {
            case "LockDuration":
                return options with { LockDuration = Duration(element) ?? TimeSpan.MaxValue };
            case "MaxSizeInMegabytes":
                return options with { MaxSizeMegabytes = Number(element) };
            case "RequiresSession":
                return options with { RequiresSession = Truth(element) };
            case "DefaultMessageTimeToLive":
                return options with { DefaultTimeToLive = Duration(element) };
            case "DeadLetteringOnMessageExpiration":
                return options with { DeadLetterExpired = Truth(element) };
            case "DeadLetteringOnFilterEvaluationExceptions":
                return options with { DeadLetterFilterErrors = Truth(element) };
            case "MaxDeliveryCount":
                return options with { MaxDeliveryCount = (int)Math.Clamp(Number(element), 0, int.MaxValue) };
            case "EnableBatchedOperations":
                return options with { EnableBatchedOperations = Truth(element) };
            case "Status":
                return options with { Status = Status(value) };
            case "ForwardTo":
                return options with { ForwardTo = Target(value) };
            case "ForwardDeadLetteredMessagesTo":
                return options with { ForwardDeadLettersTo = Target(value) };
            case "UserMetadata":
                return options with { UserMetadata = value.Length == 0 ? null : value };
            case "AutoDeleteOnIdle":
                return options with { AutoDeleteOnIdle = Duration(element) };
            case "MaxMessageSizeInKilobytes":
                return options with { MaxMessageKilobytes = Number(element) };

            // Read beside the others, or told by the broker alone and sent back by clients that update.
            case "RequiresDuplicateDetection" or "DuplicateDetectionHistoryTimeWindow" or "DefaultRuleDescription":
            case "AccessedAt" or "CreatedAt" or "UpdatedAt" or "MessageCount" or "SizeInBytes" or "CountDetails" or "SubscriptionCount":
            case "EntityAvailabilityStatus" or "SkippedUpdate" or "SupportOrdering":
                return options;

            case "EnablePartitioning" or "EnableSubscriptionPartitioning" or "EnableExpress" when !Truth(element):
            case "IsAnonymousAccessible" or "FilteringMessagesBeforePublishing" when !Truth(element):
            case "AuthorizationRules" when !element.HasElements:
                return options;
            case "AuthorizationRules":
                throw new BrokerException(
                    Refusal.InvalidArgument, "AuthorizationRules are not supported: this broker has one key, which opens everything.");
            default:
                throw new BrokerException(Refusal.InvalidArgument, $"{name} is '{value}', which this broker does not support. Leave it out.");
        }
    }

    private static EntityStatus Status(string value) => Enum.GetNames<EntityStatus>().Contains(value)
        ? Enum.Parse<EntityStatus>(value)
        : throw new FormatException($"Status is '{value}'; it can be {string.Join(", ", Enum.GetNames<EntityStatus>())}.");

    private static string? Target(string value) => Uri.UnescapeDataString(Addresses.Path(value)) is { Length: > 0 } target ? target : null;

    private static long Number(XElement element) => Parse(element, XmlConvert.ToInt64, "a whole number");

    private static bool Truth(XElement? element) =>
        element is not null && Parse(element, text => XmlConvert.ToBoolean(text.ToLowerInvariant()), "true or false");

    // The longest duration stands for none.
    private static TimeSpan? Duration(XElement? element)
    {
        if (element is null) return null;
        TimeSpan duration = Parse(element, XmlConvert.ToTimeSpan, "a duration as in PT30S");
        return duration == TimeSpan.MaxValue ? null : duration;
    }

    private static XElement Duration(string name, TimeSpan? value) => Atom.Element(name, XmlConvert.ToString(value ?? TimeSpan.MaxValue));

    private static T Parse<T>(XElement element, Func<string, T> parse, string expected)
    {
        try
        {
            return parse(element.Value.Trim());
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            throw new FormatException($"{element.Name.LocalName} is '{element.Value}'; it must be {expected}.");
        }
    }
}
