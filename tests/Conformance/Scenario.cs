using System.Text.RegularExpressions;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.Conformance.Tests;

/// <summary>One thing that a client of another language does, as the scripts say, and the entity that it does it with.</summary>
internal sealed partial record Scenario(string Name, string Kind, string Entity)
{
    /// <summary>The scenarios of the JavaScript client.</summary>
    public static IReadOnlyList<Scenario> OfJavaScript { get; } = Find("scenarios", "*.mjs");

    /// <summary>The scenarios of the Python clients.</summary>
    public static IReadOnlyList<Scenario> OfPython { get; } = Find("python", "with_*.py");

    /// <summary>The entities of scenarios.</summary>
    public static BrokerDefinition Entities(IReadOnlyList<Scenario> scenarios) => new()
    {
        Queues = [.. scenarios.Where(scenario => scenario.Kind != "topic").Select(scenario =>
            new QueueDefinition(scenario.Entity, Options(scenario.Kind)))],
        Topics =
        [
            .. scenarios.Where(scenario => scenario.Kind == "topic")
                .Select(scenario => new TopicDefinition(scenario.Entity, new EntityOptions(), Subscriptions)),
        ],
    };

    // Found in the scripts themselves, so that none is left out.
    private static IReadOnlyList<Scenario> Find(string folder, string files) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, folder), files).Order(StringComparer.Ordinal)
            .SelectMany(file => Declaration().Matches(File.ReadAllText(file)))
            .Select((match, index) => new Scenario(match.Groups["name"].Value, match.Groups["kind"].Value, $"entity-{index}")),
    ];

    private static SubscriptionDefinition[] Subscriptions =>
    [
        new("all", new EntityOptions(), [Filter.True]),
        new("none", new EntityOptions(), [Filter.False]),
        new("red", new EntityOptions(), [new CorrelationFilter(new Dictionary<string, string> { ["Label"] = "red" },
            Message.NoProperties)]),
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

    [GeneratedRegex("""^@?scenario\("(?<name>[^"]+)", "(?<kind>[^"]+)"[,)]""", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
