using System.Globalization;

namespace HrNetBatch.LocalServiceBus.Core.Filters;

/// <summary>Reads the condition of a SQL filter (NOT binds before AND, AND before OR) or the statements of an action.</summary>
internal sealed class SqlParser(string expression, IReadOnlyDictionary<string, object?> parameters)
{
    private static readonly Dictionary<string, string> SystemNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["MessageId"] = "MessageId",
        ["CorrelationId"] = "CorrelationId",
        ["Label"] = "Label",
        ["Subject"] = "Label",
        ["To"] = "To",
        ["ReplyTo"] = "ReplyTo",
        ["SessionId"] = "SessionId",
        ["ReplyToSessionId"] = "ReplyToSessionId",
        ["ContentType"] = "ContentType",
    };

    /// <summary>Service Bus's own limit. It also bounds how deep parentheses can be nested.</summary>
    private const int LongestExpression = 1024;

    private readonly List<SqlToken> _tokens = expression.Length <= LongestExpression
        ? SqlLexer.Read(expression)
        : throw new FormatException($"The expression has {expression.Length} characters; {LongestExpression} are allowed.");

    private int _next;

    private SqlToken Current => _tokens[_next];

    public SqlCondition Parse()
    {
        SqlCondition condition = Or();
        if (Current.Kind != SqlTokenKind.End) throw Unexpected("AND, OR or the end");
        return condition;
    }

    public List<SqlStatement> ParseStatements()
    {
        var statements = new List<SqlStatement>();
        do
        {
            if (Current.Kind == SqlTokenKind.End && statements.Count > 0) break;   // a semicolon may end the last one
            statements.Add(Statement());
        }
        while (Accept(";"));
        if (Current.Kind != SqlTokenKind.End) throw Unexpected("; or the end");
        return statements;
    }

    private SqlStatement Statement()
    {
        bool isRemoval = Accept("REMOVE");
        if (!isRemoval && !Accept("SET")) throw Unexpected("SET or REMOVE");
        SqlProperty property = Value() as SqlProperty ?? throw Unexpected("a property");
        if (isRemoval) return new SqlStatement(property, null);
        Expect("=");
        return new SqlStatement(property, Value());
    }

    private SqlCondition Or()
    {
        SqlCondition left = And();
        while (Accept("OR")) left = new SqlOr(left, And());
        return left;
    }

    private SqlCondition And()
    {
        SqlCondition left = Not();
        while (Accept("AND")) left = new SqlAnd(left, Not());
        return left;
    }

    private SqlCondition Not() => Accept("NOT") ? new SqlNot(Not()) : Predicate();

    private SqlCondition Predicate()
    {
        if (Accept("("))
        {
            SqlCondition inner = Or();
            Expect(")");
            return inner;
        }
        if (Accept("EXISTS"))
        {
            Expect("(");
            SqlProperty property = Value() as SqlProperty ?? throw Unexpected("a property");
            Expect(")");
            return new SqlExists(property);
        }
        return After(Value());
    }

    private SqlCondition After(SqlValue left)
    {
        if (Accept("IS"))
        {
            bool not = Accept("NOT");
            Expect("NULL");
            return not ? new SqlNot(new SqlIsNull(left)) : new SqlIsNull(left);
        }
        if (Accept("NOT"))
        {
            return Accept("IN") ? new SqlNot(In(left)) : Accept("LIKE") ? new SqlNot(Like(left)) : throw Unexpected("IN or LIKE");
        }
        if (Accept("IN")) return In(left);
        if (Accept("LIKE")) return Like(left);
        string comparison = Current.Text;
        if (Current.Kind == SqlTokenKind.Symbol && comparison is "=" or "<>" or "!=" or "<" or "<=" or ">" or ">=")
        {
            _next++;
            return new SqlComparison(left, comparison, Value());
        }
        return new SqlTruth(left);
    }

    private SqlIn In(SqlValue left)
    {
        Expect("(");
        var values = new List<SqlValue> { Value() };
        while (Accept(",")) values.Add(Value());
        Expect(")");
        return new SqlIn(left, values);
    }

    private SqlLike Like(SqlValue left)
    {
        string pattern = Text();
        char? escape = null;
        if (Accept("ESCAPE")) escape = Text() is [char one] ? one : throw Unexpected("one character");
        return new SqlLike(left, pattern, escape);
    }

    private SqlValue Value()
    {
        SqlToken token = Current;
        _next++;
        switch (token.Kind)
        {
            case SqlTokenKind.Text:
                return new SqlConstant(token.Text);
            case SqlTokenKind.Number:
                return long.TryParse(token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? new SqlConstant(whole)
                    : double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? new SqlConstant(number)
                    : throw new FormatException($"'{token.Text}' at position {token.Position + 1} is not a number.");
            case SqlTokenKind.Word when token.Is("TRUE") || token.Is("FALSE"):
                return new SqlConstant(token.Is("TRUE"));
            case SqlTokenKind.Word when token.Is("NULL"):
                return new SqlConstant(null);
            case SqlTokenKind.Word when token.Text[0] == '@':
                return new SqlConstant(Parameter(token));
            case SqlTokenKind.Word when (token.Is("sys") || token.Is("user")) && Accept("."):
                return Scoped(token);
            case SqlTokenKind.Word when !Current.Is("("):
            case SqlTokenKind.QuotedName:
                return new SqlProperty(token.Text, IsSystem: false);
            default:
                _next--;
                throw Unexpected("a property or a constant");
        }
    }

    private object? Parameter(SqlToken token) =>
        parameters.TryGetValue(token.Text, out object? value) || parameters.TryGetValue(token.Text[1..], out value)
            ? value
            : throw new FormatException($"The parameter {token.Text} at position {token.Position + 1} has no value.");

    private SqlProperty Scoped(SqlToken scope)
    {
        SqlToken name = Current;
        if (name.Kind is not (SqlTokenKind.Word or SqlTokenKind.QuotedName)) throw Unexpected("a property's name");
        _next++;
        if (scope.Is("user")) return new SqlProperty(name.Text, IsSystem: false);
        return SystemNames.TryGetValue(name.Text, out string? known)
            ? new SqlProperty(known, IsSystem: true)
            : throw new FormatException($"sys.{name.Text} is not supported; supported are {string.Join(", ", SystemNames.Keys)}.");
    }

    private string Text()
    {
        if (Current.Kind != SqlTokenKind.Text) throw Unexpected("a text in single quotes");
        return _tokens[_next++].Text;
    }

    private bool Accept(string word)
    {
        if (!Current.Is(word)) return false;
        _next++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Accept(word)) throw Unexpected(word);
    }

    private FormatException Unexpected(string expected) => new(
        $"'{Current.Text}' at position {Current.Position + 1} is not supported there: expected is {expected}. Arithmetic and functions are "
        + "not part of what this broker understands.");
}
