using System.Text.RegularExpressions;

namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>A condition in SQL's three-valued logic: true, false, or null for unknown.</summary>
internal abstract record SqlCondition
{
    public abstract bool? Holds(FilteredMessage message);
}

internal sealed record SqlAnd(SqlCondition Left, SqlCondition Right) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => Left.Holds(message) & Right.Holds(message);
}

internal sealed record SqlOr(SqlCondition Left, SqlCondition Right) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => Left.Holds(message) | Right.Holds(message);
}

internal sealed record SqlNot(SqlCondition Inner) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => !Inner.Holds(message);
}

internal sealed record SqlTruth(SqlValue Value) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => Value.Of(message) as bool?;
}

internal sealed record SqlComparison(SqlValue Left, string Operator, SqlValue Right) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) =>
        SqlValue.Compare(Left.Of(message), Right.Of(message)) is not { } order ? null : Operator switch
        {
            "=" => order == 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            ">=" => order >= 0,
            _ => order != 0,
        };
}

internal sealed record SqlIn(SqlValue Left, IReadOnlyList<SqlValue> Values) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => Left.Of(message) is not { } value
        ? null
        : Values.Any(candidate => SqlValue.Compare(value, candidate.Of(message)) == 0);
}

internal sealed record SqlIsNull(SqlValue Value) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => Value.Of(message) is null;
}

internal sealed record SqlExists(SqlProperty Property) : SqlCondition
{
    public override bool? Holds(FilteredMessage message) => Property.Exists(message);
}

internal sealed record SqlLike : SqlCondition
{
    private readonly SqlValue _value;
    private readonly Regex _pattern;

    public SqlLike(SqlValue value, string pattern, char? escape)
    {
        _value = value;
        var regex = new System.Text.StringBuilder();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == escape && i + 1 < pattern.Length) regex.Append(Regex.Escape(pattern[++i].ToString()));
            else if (pattern[i] == '%') regex.Append(".*");
            else if (pattern[i] == '_') regex.Append('.');
            else regex.Append(Regex.Escape(pattern[i].ToString()));
        }
        // Without backtracking, so that no pattern takes long on any value.
        _pattern = new Regex($"^(?:{regex})$", RegexOptions.Singleline | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
    }

    public override bool? Holds(FilteredMessage message) => _value.Of(message) is string text ? _pattern.IsMatch(text) : null;
}
