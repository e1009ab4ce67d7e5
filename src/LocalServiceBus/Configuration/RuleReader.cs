using System.Text.Json;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>Turns a rule of the file into a rule of a subscription.</summary>
internal static class RuleReader
{
    /// <summary>Reads a rule; one without a name is named by its place.</summary>
    public static Rule Read(string subscription, RuleSection section, int place)
    {
        string name = section.Name is { Length: > 0 } given ? given : place == 0 ? Rule.DefaultName : $"rule-{place + 1}";
        if (EntityNames.RuleFault(name) is { } fault) throw new ConfigurationException($"{subscription}: {fault}");
        string where = $"{subscription}, rule '{section.Name}'";
        return new Rule(name, Filter(where, section.Properties), Action(where, section.Properties?.Action?.SqlExpression));
    }

    private static SqlAction? Action(string where, string? expression)
    {
        try
        {
            return string.IsNullOrEmpty(expression) ? null : SqlAction.Parse(expression);
        }
        catch (FormatException exception)
        {
            throw new ConfigurationException($"{where}: the action \"{expression}\" cannot be used. {exception.Message}");
        }
    }

    private static Filter Filter(string where, RulePropertiesSection? rule)
    {
        return rule?.FilterType?.ToUpperInvariant() switch
        {
            "TRUE" => Core.Filters.Filter.True,
            "FALSE" => Core.Filters.Filter.False,
            "CORRELATION" when rule.CorrelationFilter is { } correlation => Correlation(where, correlation),
            "SQL" when rule.SqlFilter?.SqlExpression is { } expression => Sql(where, expression),
            _ => throw new ConfigurationException(
                $"{where}: its FilterType is '{rule?.FilterType}'; write True, False, Correlation with a CorrelationFilter, or Sql with a SqlFilter."),
        };
    }

    private static SqlFilter Sql(string where, string expression)
    {
        try
        {
            return SqlFilter.Parse(expression);
        }
        catch (FormatException exception)
        {
            throw new ConfigurationException($"{where}: the SQL filter \"{expression}\" cannot be used. {exception.Message}");
        }
    }

    private static CorrelationFilter Correlation(string where, CorrelationSection section)
    {
        var system = new Dictionary<string, string>();
        foreach ((string name, string? value) in (ReadOnlySpan<(string, string?)>)
        [
            (nameof(section.ContentType), section.ContentType), (nameof(section.CorrelationId), section.CorrelationId),
            (nameof(section.Label), section.Label ?? section.Subject), (nameof(section.MessageId), section.MessageId),
            (nameof(section.ReplyTo), section.ReplyTo), (nameof(section.ReplyToSessionId), section.ReplyToSessionId),
            (nameof(section.SessionId), section.SessionId), (nameof(section.To), section.To),
        ])
        {
            if (!string.IsNullOrEmpty(value)) system[name] = value;
        }
        return new CorrelationFilter(
            system, (section.Properties ?? new Dictionary<string, JsonElement>()).ToDictionary(property => property.Key, property => Value(where, property)));
    }

    private static object? Value(string where, KeyValuePair<string, JsonElement> property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when property.Value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number => property.Value.GetDouble(),
        _ => throw new ConfigurationException($"{where}: the property '{property.Key}' must be a text, a number or true or false."),
    };
}
