using System.Xml.Linq;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Administration;

/// <summary>Rules of subscriptions as administration clients describe them.</summary>
internal static class RuleXml
{
    private static readonly string[] SystemNames =
        ["CorrelationId", "MessageId", "To", "ReplyTo", "Label", "SessionId", "ReplyToSessionId", "ContentType"];

    /// <summary>Reads a rule.</summary>
    /// <exception cref="FormatException">It is not well formed, or its SQL is not supported.</exception>
    public static Rule Read(XElement description)
    {
        string name = description.Element(Atom.ServiceBus + "Name")?.Value ?? Rule.DefaultName;
        XElement? filter = description.Element(Atom.ServiceBus + "Filter"), action = description.Element(Atom.ServiceBus + "Action");
        return new Rule(name, filter is null ? Filter.True : ReadFilter(filter), action is null ? null : ReadAction(action));
    }

    /// <summary>Writes a rule.</summary>
    public static XElement Write(Rule rule) => new(
        Atom.ServiceBus + "RuleDescription",
        Write(rule.Filter),
        rule.Action is { } action
            ? Typed("Action", "SqlRuleAction", Atom.Element("SqlExpression", action.Expression), Pairs("Parameters", action.Parameters))
            : Typed("Action", "EmptyRuleAction"),
        Atom.Element("CreatedAt", Atom.Time(rule.CreatedAt)),
        Atom.Element("Name", rule.Name));

    private static Filter ReadFilter(XElement element) => TypeOf(element) switch
    {
        "TrueFilter" => Filter.True,
        "FalseFilter" => Filter.False,
        "SqlFilter" => SqlFilter.Parse(Expression(element), ReadPairs(element, "Parameters")),
        "CorrelationFilter" => new CorrelationFilter(
            SystemNames.Select(name => element.Element(Atom.ServiceBus + name)).OfType<XElement>()
                .ToDictionary(part => part.Name.LocalName, part => part.Value),
            ReadPairs(element, "Properties")),
        var other => throw new FormatException(
            $"A filter of the type '{other}' is not supported: SqlFilter, CorrelationFilter, TrueFilter and FalseFilter are."),
    };

    private static SqlAction? ReadAction(XElement element) => TypeOf(element) switch
    {
        "EmptyRuleAction" or "" => null,
        "SqlRuleAction" => SqlAction.Parse(Expression(element), ReadPairs(element, "Parameters")),
        var other => throw new FormatException($"An action of the type '{other}' is not supported: SqlRuleAction is."),
    };

    private static string TypeOf(XElement element) => element.Attribute(Atom.Instance + "type")?.Value.Split(':')[^1] ?? "";

    private static string Expression(XElement element) => element.Element(Atom.ServiceBus + "SqlExpression")?.Value
        ?? throw new FormatException($"The {element.Name.LocalName} has no SqlExpression.");

    private static Dictionary<string, object?> ReadPairs(XElement element, string name)
    {
        var pairs = new Dictionary<string, object?>();
        foreach (XElement pair in element.Element(Atom.ServiceBus + name)?.Elements(Atom.ServiceBus + "KeyValueOfstringanyType") ?? [])
        {
            string key = pair.Element(Atom.ServiceBus + "Key")?.Value ?? throw new FormatException($"One of the {name} has no Key.");
            XElement value = pair.Element(Atom.ServiceBus + "Value") ?? throw new FormatException($"'{key}' of the {name} has no Value.");
            pairs[key] = new TypedValue(TypeOf(value), value.Value).Read();
        }
        return pairs;
    }

    private static XElement Write(Filter filter) => filter switch
    {
        SqlFilter sql => Sql("SqlFilter", sql.Expression, Pairs("Parameters", sql.Parameters)),
        CorrelationFilter correlation => Typed("Filter", "CorrelationFilter",
        [
            .. SystemNames.Where(correlation.System.ContainsKey).Select(name => Atom.Element(name, correlation.System[name])),
            Pairs("Properties", correlation.Application),
        ]),
        _ => filter == Filter.True ? Sql("TrueFilter", "1=1", null) : Sql("FalseFilter", "1=0", null),
    };

    private static XElement Sql(string type, string expression, XElement? parameters) =>
        Typed("Filter", type, Atom.Element("SqlExpression", expression), Atom.Element("CompatibilityLevel", 20), parameters);

    private static XElement Typed(string name, string type, params XElement?[] parts) =>
        new(Atom.ServiceBus + name, new XAttribute(Atom.Instance + "type", type), parts);

    // None at all instead of an empty element, which the JavaScript client cannot read.
    private static XElement? Pairs(string name, IReadOnlyDictionary<string, object?> values) => values.Count == 0 ? null : new XElement(
        Atom.ServiceBus + name,
        values.Select(value => new XElement(
            Atom.ServiceBus + "KeyValueOfstringanyType", Atom.Element("Key", value.Key), Value(TypedValue.Of(value.Value)))));

    private static XElement Value(TypedValue value) => new(
        Atom.ServiceBus + "Value",
        new XAttribute(XNamespace.Xmlns + "d6p1", Atom.Schema.NamespaceName),
        new XAttribute(Atom.Instance + "type", $"d6p1:{value.Type}"),
        value.Value);
}
