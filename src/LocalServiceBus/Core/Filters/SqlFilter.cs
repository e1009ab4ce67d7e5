namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>
/// Takes messages for which an expression of a part of Service Bus's SQL holds: comparisons, AND, OR, NOT, IN, LIKE, IS NULL,
/// EXISTS, over properties, constants and parameters.
/// </summary>
public sealed class SqlFilter : Filter
{
    private readonly SqlCondition _condition;

    private SqlFilter(string expression, IReadOnlyDictionary<string, object?> parameters) =>
        (Expression, Parameters, _condition) = (expression, parameters, new SqlParser(expression, parameters).Parse());

    /// <summary>The expression.</summary>
    public string Expression { get; }

    /// <summary>The values of the parameters (<c>@name</c>) in the expression.</summary>
    public IReadOnlyDictionary<string, object?> Parameters { get; }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">It is not one of the supported part.</exception>
    public static SqlFilter Parse(string expression, IReadOnlyDictionary<string, object?>? parameters = null) =>
        new(expression, parameters ?? Message.NoProperties);

    /// <inheritdoc/>
    public override bool Matches(FilteredMessage message) => _condition.Holds(message) == true;
}
