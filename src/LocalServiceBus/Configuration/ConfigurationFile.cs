using System.Globalization;
using System.Text.Json;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>
/// Reads the entities of a broker from a file in the shape of Microsoft's emulator's Config.json. What this broker cannot do is refused
/// here, not ignored later.
/// </summary>
public static class ConfigurationFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="ConfigurationException">It is missing, not of that shape, or asks for something that this broker lacks.</exception>
    public static BrokerDefinition Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (IOException exception)
        {
            throw new ConfigurationException($"{path} cannot be read: {exception.Message}");
        }
        catch (ConfigurationException exception)
        {
            throw new ConfigurationException($"{path}: {exception.Message}");
        }
    }

    /// <summary>Reads the content of a file.</summary>
    /// <exception cref="ConfigurationException">It is not of that shape, or asks for something that this broker lacks.</exception>
    public static BrokerDefinition Parse(string json)
    {
        EmulatorConfiguration? configuration;
        try
        {
            configuration = JsonSerializer.Deserialize<EmulatorConfiguration>(json, EmulatorConfiguration.Json);
        }
        catch (JsonException exception)
        {
            string field = exception.Path is { Length: > 2 } path ? $", at {path[2..]}" : "";
            string place = exception.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $" (line {line + 1}, column {exception.BytePositionInLine + 1})") : "";
            throw new ConfigurationException($"It is not a configuration in the shape of the Service Bus emulator's{field}{place}. Compare it with the example in docs/local-service-bus.md.");
        }
        NamespaceSection[] namespaces = [.. configuration?.UserConfig.Namespaces ?? []];
        return new BrokerDefinition
        {
            Queues = [.. namespaces.SelectMany(space => space.Queues ?? []).Select(queue =>
                new QueueDefinition(
                    Checked(queue.Name), EntityProperties.Read($"queue '{queue.Name}'", EntityKind.Queue, queue.Properties)))],
            Topics = [.. namespaces.SelectMany(space => space.Topics ?? []).Select(Topic)],
        };
    }

    private static TopicDefinition Topic(TopicSection topic) => new(
        Checked(topic.Name),
        EntityProperties.Read($"topic '{topic.Name}'", EntityKind.Topic, topic.Properties),
        [.. (topic.Subscriptions ?? []).Select(subscription => new SubscriptionDefinition(
            Checked(subscription.Name, isSubscription: true),
            EntityProperties.Read($"subscription '{topic.Name}/{subscription.Name}'", EntityKind.Subscription, subscription.Properties),
            Rules($"subscription '{topic.Name}/{subscription.Name}'", subscription.Rules ?? [])))]);

    private static List<Rule> Rules(string where, IReadOnlyList<RuleSection> sections)
    {
        if (sections.Count == 0) return [new Rule(Rule.DefaultName, Filter.True)];
        List<Rule> rules = [];
        foreach (RuleSection section in sections)
        {
            Rule rule = RuleReader.Read(where, section, rules.Count);
            if (rules.Any(other => other.Name.Equals(rule.Name, StringComparison.OrdinalIgnoreCase)))
                throw new ConfigurationException($"{where}: two rules are named '{rule.Name}'. Rename one.");
            rules.Add(rule);
        }
        return rules;
    }

    private static string Checked(string name, bool isSubscription = false) =>
        EntityNames.Fault(name, isSubscription) is { } fault ? throw new ConfigurationException(fault) : name;
}
