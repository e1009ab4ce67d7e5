namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>The addresses of entities, and what may be a name.</summary>
public static class EntityNames
{
    private const string SubscriptionsPart = "/Subscriptions/", DeadLetterSuffix = "/$deadletterqueue", TransferSuffix = "/$transfer";
    private const int LongestName = 260, LongestPart = 50;

    /// <summary>The address of a subscription.</summary>
    public static string Subscription(string topic, string name) => topic + SubscriptionsPart + name;

    /// <summary>The address of an entity's dead letters.</summary>
    public static string DeadLetters(string entity) => entity + DeadLetterSuffix;

    /// <summary>The address of what an entity could not forward.</summary>
    public static string TransferDeadLetters(string entity) => entity + TransferSuffix + DeadLetterSuffix;

    /// <summary>The topic and the name of a subscription; null for the address of something else.</summary>
    public static (string Topic, string Name)? Subscription(string address)
    {
        int at = address.LastIndexOf(SubscriptionsPart, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : (address[..at], address[(at + SubscriptionsPart.Length)..]);
    }

    /// <summary>What is wrong with the name of a queue, a topic, or a subscription in its topic; null: nothing.</summary>
    public static string? Fault(string name, bool isSubscription)
    {
        int longest = isSubscription ? LongestPart : LongestName;
        if (name.Length is 0 || name.Length > longest) return $"'{name}' is no name of an entity: one has 1 to {longest} characters.";
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '~' || (c == '/' && !isSubscription)))
            return $"'{name}' is no name of an entity: letters, digits, '.', '-', '_', '~' and, except for subscriptions, '/' are.";
        string[] parts = name.Split('/');
        return parts.Contains("") || parts.Contains("Subscriptions", StringComparer.OrdinalIgnoreCase)
            ? $"'{name}' is no name of an entity: no part between slashes may be empty or 'Subscriptions'."
            : null;
    }

    /// <summary>What is wrong with the name of a rule; null: nothing.</summary>
    public static string? RuleFault(string name) =>
        name.Length is 0 or > LongestPart || string.IsNullOrWhiteSpace(name) || name.AsSpan().ContainsAny("/\\@?#")
            ? $"'{name}' is no name of a rule: one has 1 to {LongestPart} characters, none of them '/', '\\', '@', '?' or '#'."
            : null;
}
