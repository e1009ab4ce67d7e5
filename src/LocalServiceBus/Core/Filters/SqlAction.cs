namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>
/// Changes the copy of a message that a rule takes: <c>SET name = value</c> and <c>REMOVE name</c>, separated by semicolons, over
/// application properties and the system properties that filters see.
/// </summary>
public sealed class SqlAction
{
    private readonly IReadOnlyList<SqlStatement> _statements;

    private SqlAction(string expression, IReadOnlyDictionary<string, object?> parameters) =>
        (Expression, Parameters, _statements) = (expression, parameters, new SqlParser(expression, parameters).ParseStatements());

    /// <summary>The statements.</summary>
    public string Expression { get; }

    /// <summary>The values of the parameters (<c>@name</c>) in the statements.</summary>
    public IReadOnlyDictionary<string, object?> Parameters { get; }

    /// <summary>Reads statements.</summary>
    /// <exception cref="FormatException">They are not of the supported part.</exception>
    public static SqlAction Parse(string expression, IReadOnlyDictionary<string, object?>? parameters = null) =>
        new(expression, parameters ?? Message.NoProperties);

    /// <summary>What a message becomes, each statement seeing what those before it did.</summary>
    public FilteredMessage Apply(FilteredMessage message)
    {
        var changed = new FilteredMessage(
            new Dictionary<string, object?>(message.System), new Dictionary<string, object?>(message.Application));
        foreach (SqlStatement statement in _statements) statement.Apply(changed);
        return changed;
    }
}

/// <summary>Sets a property to a value; null for a value: removes it.</summary>
internal sealed record SqlStatement(SqlProperty Property, SqlValue? Value)
{
    public void Apply(FilteredMessage message)
    {
        var properties = (Dictionary<string, object?>)(Property.IsSystem ? message.System : message.Application);
        object? value = Value?.Of(message);
        if (Property.IsSystem) value = TypedValue.Text(value);   // all of these are texts
        if (value is null) properties.Remove(Property.Name);
        else properties[Property.Name] = value;
    }
}
