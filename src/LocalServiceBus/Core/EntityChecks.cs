namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What an entity's options may be.</summary>
internal static class EntityChecks
{
    private const int LongestMetadata = 1024, LargestMegabytes = 1024 * 1024, LargestKilobytes = 1024 * 1024;
    private static readonly TimeSpan LongestLock = TimeSpan.FromMinutes(5), LongestWindow = TimeSpan.FromDays(7);
    private static readonly TimeSpan ShortestIdle = TimeSpan.FromMinutes(5);

    /// <summary>Checks options by themselves.</summary>
    /// <exception cref="BrokerException">One of them cannot be; the message names it as the configuration file does.</exception>
    public static void Check(string name, EntityKind kind, EntityOptions options)
    {
        bool isTopic = kind == EntityKind.Topic, isSubscription = kind == EntityKind.Subscription;
        Refuse(options.LockDuration <= TimeSpan.Zero || options.LockDuration > LongestLock,
            "LockDuration must be more than 0 and at most 5 minutes.");
        Refuse(options.MaxDeliveryCount < 1, "MaxDeliveryCount must be 1 or more.");
        Refuse(options.DefaultTimeToLive <= TimeSpan.Zero, "DefaultMessageTimeToLive must be more than 0.");
        Refuse(options.DuplicateWindow <= TimeSpan.Zero || options.DuplicateWindow > LongestWindow,
            "DuplicateDetectionHistoryTimeWindow must be more than 0 and at most 7 days.");
        Refuse(options.AutoDeleteOnIdle < ShortestIdle, "AutoDeleteOnIdle must be 5 minutes or more.");
        Refuse(options.MaxSizeMegabytes is < 1 or > LargestMegabytes, $"MaxSizeInMegabytes must be 1 to {LargestMegabytes}.");
        Refuse(options.MaxMessageKilobytes is < 1 or > LargestKilobytes, $"MaxMessageSizeInKilobytes must be 1 to {LargestKilobytes}.");
        Refuse(options.UserMetadata?.Length > LongestMetadata, $"UserMetadata must have at most {LongestMetadata} characters.");
        Refuse(isTopic && options.RequiresSession, "RequiresSession is for queues and subscriptions, not for topics.");
        Refuse(isTopic && (options.ForwardTo ?? options.ForwardDeadLettersTo) is not null,
            "Topics do not forward: their subscriptions do.");
        Refuse(isTopic && options.Status == EntityStatus.ReceiveDisabled,
            "Nothing receives from a topic: its status can be Active, Disabled or SendDisabled.");
        Refuse(isSubscription && options.DuplicateWindow is not null,
            "RequiresDuplicateDetection is for queues and topics, not for subscriptions.");
        Refuse(options.RequiresSession && options.ForwardTo is not null,
            "ForwardTo cannot be set where RequiresSession is: nobody would hold its sessions.");
        Refuse(Same(options.ForwardTo, name) || Same(options.ForwardDeadLettersTo, name), "It cannot forward to itself.");

        void Refuse(bool isWrong, string why)
        {
            if (isWrong) throw new BrokerException(Refusal.InvalidArgument, $"{kind} '{name}': {why}");
        }
    }

    /// <summary>Checks that what an entity forwards to exists.</summary>
    /// <exception cref="BrokerException">It does not, or takes no messages.</exception>
    public static void CheckTargets(string name, EntityOptions options, Func<string, EntityState?> find)
    {
        foreach ((string setting, string? target) in (ReadOnlySpan<(string, string?)>)
            [("ForwardTo", options.ForwardTo), ("ForwardDeadLetteredMessagesTo", options.ForwardDeadLettersTo)])
        {
            if (target is not null && find(target)?.Kind is not (EntityKind.Queue or EntityKind.Topic))
            {
                throw new BrokerException(
                    Refusal.InvalidArgument, $"'{name}': {setting} is '{target}', but there is no such queue or topic. Make it first.");
            }
        }
    }

    /// <summary>Checks a change of options.</summary>
    /// <exception cref="BrokerException">It changes what is fixed when an entity is made.</exception>
    public static void CheckChange(string name, EntityOptions old, EntityOptions options)
    {
        if (old.RequiresSession != options.RequiresSession || (old.DuplicateWindow is null) != (options.DuplicateWindow is null))
        {
            throw new BrokerException(
                Refusal.InvalidArgument,
                $"'{name}': RequiresSession and RequiresDuplicateDetection cannot change. Delete the entity and make it again.");
        }
    }

    private static bool Same(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
