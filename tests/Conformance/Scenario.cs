using System.Text.RegularExpressions;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.Conformance.Tests;

/// <summary>One thing that the official client does, as the files under scenarios/ say, and the entity that it does it with.</summary>
internal sealed partial record Scenario(string Name, string Kind, string Entity)
{
    /// <summary>All scenarios, found in the files themselves, so that none is left out.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "scenarios"), "*.mjs").Order(StringComparer.Ordinal)
            .SelectMany(file => Declaration().Matches(File.ReadAllText(file)))
            .Select((match, index) => new Scenario(match.Groups["name"].Value, match.Groups["kind"].Value, $"entity-{index}")),
    ];

    /// <summary>The entities of all scenarios.</summary>
    public static BrokerDefinition Entities { get; } = new()
    {
        Queues = [.. All.Where(scenario => scenario.Kind != "topic").Select(scenario => new QueueDefinition(scenario.Entity, Options(scenario.Kind)))],
        Topics = [.. All.Where(scenario => scenario.Kind == "topic").Select(scenario => new TopicDefinition(scenario.Entity, new EntityOptions(), Subscriptions))],
    };

    private static SubscriptionDefinition[] Subscriptions =>
    [
        new("all", new EntityOptions(), [Filter.True]),
        new("none", new EntityOptions(), [Filter.False]),
        new("red", new EntityOptions(), [new CorrelationFilter(new Dictionary<string, string> { ["Label"] = "red" }, Message.NoProperties)]),
        new("sql", new EntityOptions(), [SqlFilter.Parse("size > 10 AND (color LIKE '%red' OR color IS NULL)")]),
    ];

    private static EntityOptions Options(string kind)
    {
        var options = new EntityOptions { MaxDeliveryCount = 3 };
        TimeSpan briefly = TimeSpan.FromSeconds(1);
        return kind switch
        {
            "queue" => options,
            "short-lock" => options with { LockDuration = briefly },
            "duplicates" => options with { DuplicateWindow = TimeSpan.FromMinutes(5) },
            "expiring" => options with { DeadLetterExpired = true },
            "sessions" => options with { RequiresSession = true },
            "short-sessions" => options with { RequiresSession = true, LockDuration = briefly },
            _ => throw new InvalidOperationException($"A scenario wants an entity of the kind '{kind}', which nobody knows."),
        };
    }

    [GeneratedRegex("""^scenario\("(?<name>[^"]+)", "(?<kind>[^"]+)",""", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
