using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;
using HrNetBatch.LocalServiceBus.Protocol.Messages;

namespace HrNetBatch.LocalServiceBus.Protocol.Requests;

/// <summary>The rules of a subscription, as clients send them and are told them.</summary>
internal static class RuleRequests
{
    // Service Bus's own: the codes of filters are shorter by a digit than the others.
    private const ulong DescriptionCode = 0x13700000004, NoActionCode = 0x13700000005, SqlActionCode = 0x13700000006;
    private const ulong SqlFilterCode = 0x1370000006, TrueFilterCode = 0x1370000007, FalseFilterCode = 0x1370000008,
        CorrelationFilterCode = 0x1370000009;

    // In the order in which the wire has them.
    private static readonly (string Property, string Field)[] CorrelationFields =
    [
        ("CorrelationId", "correlation-id"), ("MessageId", "message-id"), ("To", "to"), ("ReplyTo", "reply-to"), ("Label", "label"),
        ("SessionId", "session-id"), ("ReplyToSessionId", "reply-to-session-id"), ("ContentType", "content-type"),
    ];

    public static Task AddAsync(Request request, Entity entity)
    {
        Map description = request.Field<Map>("rule-description");
        return entity.AddRuleAsync(new Rule(request.Field<string>("rule-name"), Filter(description), Action(description)));
    }

    public static Map List(Request request, Entity entity)
    {
        var rules = new List();
        foreach (Rule rule in entity.Rules.Skip((int)request.Number("skip")).Take((int)request.Number("top")))
            rules.Add(new Map { ["rule-description"] = Describe(rule) });
        return new Map { ["rules"] = rules };
    }

    private static Filter Filter(Map description)
    {
        if (description["sql-filter"] is Map sql)
        {
            string expression = Expression(sql);
            return Parsed(() => SqlFilter.Parse(expression), expression);
        }
        if (description["correlation-filter"] is Map correlation)
        {
            var system = new Dictionary<string, string>();
            foreach ((string property, string field) in CorrelationFields)
            {
                if (correlation[field] is string { Length: > 0 } value) system[property] = value;
            }
            return new CorrelationFilter(system, PropertyMap.Read(correlation["properties"] as Map));
        }
        if (description["true-filter"] is Map) return Core.Filters.Filter.True;
        if (description["false-filter"] is Map) return Core.Filters.Filter.False;
        throw new BrokerException(Refusal.InvalidArgument,
            "The rule has no filter that this broker knows: sql-filter, correlation-filter, true-filter, false-filter.");
    }

    private static SqlAction? Action(Map description)
    {
        if (description["sql-rule-action"] is not Map action) return null;
        string expression = Expression(action);
        return Parsed(() => SqlAction.Parse(expression), expression);
    }

    private static string Expression(Map map) =>
        map["expression"] as string ?? throw new BrokerException(Refusal.InvalidArgument, "The rule lacks the field 'expression'.");

    private static T Parsed<T>(Func<T> parse, string expression)
    {
        try
        {
            return parse();
        }
        catch (FormatException exception)
        {
            throw new BrokerException(Refusal.InvalidArgument, $"The expression \"{expression}\" cannot be used. {exception.Message}");
        }
    }

    private static DescribedValue Describe(Rule rule) => Described(DescriptionCode, Describe(rule.Filter), Describe(rule.Action),
        rule.Name, rule.CreatedAt.UtcDateTime);

    private static DescribedValue Describe(SqlAction? action) => action is null ? Described(NoActionCode)
        : Described(SqlActionCode, action.Expression, null);

    private static DescribedValue Describe(Filter filter) => filter switch
    {
        SqlFilter sql => Described(SqlFilterCode, sql.Expression, null),
        CorrelationFilter correlation => Described(
            CorrelationFilterCode,
            [.. CorrelationFields.Select(field => (object?)correlation.System.GetValueOrDefault(field.Property)),
                MapOf(correlation.Application)]),
        _ => Described(filter == Core.Filters.Filter.False ? FalseFilterCode : TrueFilterCode),
    };

    private static DescribedValue Described(ulong code, params object?[] fields)
    {
        var list = new List();
        foreach (object? field in fields) list.Add(field);
        return new DescribedValue(code, list);
    }

    private static Map MapOf(IReadOnlyDictionary<string, object?> properties)
    {
        var map = new Map();
        foreach ((string name, object? value) in properties) map[name] = value;
        return map;
    }
}
