namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>
/// Takes messages for which an expression of a small part of Service Bus's SQL holds: comparisons, AND, OR, NOT, IN, LIKE, IS NULL,
/// EXISTS, over properties and constants.
/// </summary>
public sealed class SqlFilter : Filter
{
    private readonly SqlCondition _condition;

    private SqlFilter(SqlCondition condition) => _condition = condition;

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FormatException">It is not one of the supported part.</exception>
    public static SqlFilter Parse(string expression) => new(new SqlParser(expression).Parse());

    /// <inheritdoc/>
    public override bool Matches(FilteredMessage message) => _condition.Holds(message) == true;
}
