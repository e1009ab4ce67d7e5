using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Storage;

/// <summary>What an entity is, as JSON. The same description always gives the same text.</summary>
internal static class DescriptionEncoding
{
    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public static string Encode(EntityDescription description) => JsonSerializer.Serialize(
        new Stored(
            description.Kind, description.Options, [.. description.Rules.Select(StoredRule.Of)], description.CreatedAt, description.UpdatedAt,
            description.Declared),
        Json);

    public static EntityDescription Decode(string text)
    {
        Stored stored = JsonSerializer.Deserialize<Stored>(text, Json) ?? throw new FormatException("The description of an entity is empty.");
        return new EntityDescription(
            stored.Kind, stored.Options, [.. stored.Rules.Select(rule => rule.Rule())], stored.CreatedAt, stored.UpdatedAt)
        { Declared = stored.Declared };
    }

    private sealed record Stored(
        EntityKind Kind, EntityOptions Options, IReadOnlyList<StoredRule> Rules, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
        string? Declared = null);

    private sealed record StoredRule(
        string Name, DateTimeOffset CreatedAt, bool? Constant = null, Sql? Condition = null, Correlation? Equal = null, Sql? Action = null)
    {
        public static StoredRule Of(Rule rule) => new(
            rule.Name,
            rule.CreatedAt,
            rule.Filter == Core.Filters.Filter.True ? true : rule.Filter == Core.Filters.Filter.False ? false : null,
            rule.Filter is SqlFilter sql ? new Sql(sql.Expression, Typed(sql.Parameters)) : null,
            rule.Filter is CorrelationFilter correlation ? new Correlation(correlation.System, Typed(correlation.Application)) : null,
            rule.Action is { } action ? new Sql(action.Expression, Typed(action.Parameters)) : null);

        public Rule Rule() => new(Name, Filter(), Action is { } action ? SqlAction.Parse(action.Expression, Plain(action.Parameters)) : null)
        {
            CreatedAt = CreatedAt,
        };

        private Filter Filter() =>
            Condition is { } sql ? SqlFilter.Parse(sql.Expression, Plain(sql.Parameters))
            : Equal is { } equal ? new CorrelationFilter(equal.System, Plain(equal.Application))
            : Constant == false ? Core.Filters.Filter.False : Core.Filters.Filter.True;

        private static Dictionary<string, TypedValue> Typed(IReadOnlyDictionary<string, object?> values) =>
            values.ToDictionary(value => value.Key, value => TypedValue.Of(value.Value));

        private static Dictionary<string, object?> Plain(IReadOnlyDictionary<string, TypedValue> values) =>
            values.ToDictionary(value => value.Key, value => (object?)value.Value.Read());
    }

    private sealed record Sql(string Expression, IReadOnlyDictionary<string, TypedValue> Parameters);

    private sealed record Correlation(IReadOnlyDictionary<string, string> System, IReadOnlyDictionary<string, TypedValue> Application);
}
