using System.Text.Json;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>Turns a rule of a subscription into its filter.</summary>
internal static class RuleFilter
{
    public static Filter Read(string where, RulePropertiesSection? rule)
    {
        if (!string.IsNullOrEmpty(rule?.Action?.SqlExpression))
            throw new ConfigurationException($"{where}: it has an action ('{rule.Action.SqlExpression}'), but this broker changes no messages. Remove it.");
        return rule?.FilterType?.ToUpperInvariant() switch
        {
            "TRUE" => Filter.True,
            "FALSE" => Filter.False,
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
