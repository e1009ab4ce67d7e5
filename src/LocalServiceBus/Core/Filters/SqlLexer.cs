using System.Text;

namespace HrNetBatch.LocalServiceBus.Core.Filters;

internal enum SqlTokenKind
{
    Word,
    QuotedName,
    Text,
    Number,
    Symbol,
    End,
}

internal readonly record struct SqlToken(SqlTokenKind Kind, string Text, int Position)
{
    public bool Is(string word) => Kind is SqlTokenKind.Word or SqlTokenKind.Symbol && Text.Equals(word, StringComparison.OrdinalIgnoreCase);
}

/// <summary>Cuts an expression of a SQL filter or action into words.</summary>
internal static class SqlLexer
{
    private static readonly string[] Symbols = ["<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", ".", ";"];

    public static List<SqlToken> Read(string expression)
    {
        var tokens = new List<SqlToken>();
        int at = 0;
        while (true)
        {
            while (at < expression.Length && char.IsWhiteSpace(expression[at])) at++;
            if (at == expression.Length) break;
            SqlToken token = Next(expression, at, out int length);
            tokens.Add(token);
            at += length;
        }
        tokens.Add(new SqlToken(SqlTokenKind.End, "the end", expression.Length));
        return tokens;
    }

    private static SqlToken Next(string expression, int at, out int length)
    {
        char first = expression[at];
        if (first == '\'') return new(SqlTokenKind.Text, Quoted(expression, at, '\'', out length), at);
        if (first == '"') return new(SqlTokenKind.QuotedName, Quoted(expression, at, '"', out length), at);
        if (first == '[') return new(SqlTokenKind.QuotedName, Quoted(expression, at, ']', out length), at);
        if (char.IsLetter(first) || first is '_' or '@' or '#')
            return new(SqlTokenKind.Word, Run(expression, at, c => char.IsLetterOrDigit(c) || c is '_' or '@' or '#' or '$', out length), at);
        if (char.IsDigit(first) || (first == '-' && at + 1 < expression.Length && char.IsDigit(expression[at + 1])))
            return new(SqlTokenKind.Number, first + Run(expression, at + 1, c => char.IsDigit(c) || c == '.', out length, 1), at);
        if (Symbols.FirstOrDefault(symbol => string.CompareOrdinal(expression, at, symbol, 0, symbol.Length) == 0) is { } found)
        {
            length = found.Length;
            return new(SqlTokenKind.Symbol, found, at);
        }
        throw new FormatException($"'{first}' at position {at + 1} is not supported in a filter or an action.");
    }

    private static string Run(string expression, int at, Func<char, bool> belongs, out int length, int before = 0)
    {
        int end = at;
        while (end < expression.Length && belongs(expression[end])) end++;
        length = end - at + before;
        return expression[at..end];
    }

    // A quote inside is written twice.
    private static string Quoted(string expression, int at, char quote, out int length)
    {
        var text = new StringBuilder();
        for (int i = at + 1; i < expression.Length; i++)
        {
            if (expression[i] != quote)
            {
                text.Append(expression[i]);
            }
            else if (i + 1 < expression.Length && expression[i + 1] == quote)
            {
                text.Append(expression[i++]);
            }
            else
            {
                length = i + 1 - at;
                return text.ToString();
            }
        }
        throw new FormatException($"The quotation that begins at position {at + 1} does not end.");
    }
}
