using System.Text;
using System.Text.RegularExpressions;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Infra.Tests.Postgres;

/// <summary>Runs a script of infra/postgres as psql does, as far as those scripts use psql: variables, <c>\gexec</c> and <c>\connect</c>.</summary>
internal static partial class PsqlScript
{
    /// <summary>Runs it, statement by statement.</summary>
    /// <param name="name">Its file name.</param>
    /// <param name="connectionString">Where it begins, and as whom.</param>
    /// <param name="variables">What psql's <c>-v</c> would give.</param>
    public static async Task RunAsync(string name, string connectionString, IReadOnlyDictionary<string, string> variables)
    {
        string text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "infra", "postgres", name), TestContext.Current.CancellationToken);
        NpgsqlConnectionStringBuilder place = new(connectionString) { Pooling = false };
        NpgsqlConnection connection = await OpenAsync(place);
        StringBuilder statement = new();
        foreach (string line in text.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal)))
        {
            if (line.StartsWith(@"\connect ", StringComparison.Ordinal))
            {
                await connection.DisposeAsync();
                place.Database = line[@"\connect ".Length..].Trim();
                connection = await OpenAsync(place);
                continue;
            }
            statement.Append(Variable().Replace(line, match => Quoted(match.Groups[1].Value, variables))).Append('\n');
            string sofar = statement.ToString().TrimEnd();
            if (sofar.EndsWith(@"\gexec", StringComparison.Ordinal))
            {
                if (await ExecuteAsync(connection, sofar[..^@"\gexec".Length]) is string further)
                    await ExecuteAsync(connection, further);
                statement.Clear();
            }
            else if (sofar.EndsWith(';'))
            {
                await ExecuteAsync(connection, sofar);
                statement.Clear();
            }
        }
        await connection.DisposeAsync();
        Assert.Equal("", statement.ToString().Trim());
    }

    private static async Task<NpgsqlConnection> OpenAsync(NpgsqlConnectionStringBuilder place)
    {
        NpgsqlConnection connection = new(place.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static string Quoted(string variable, IReadOnlyDictionary<string, string> variables) => $"{variable[0]}{variables[variable[1..^1]]}{variable[0]}";

    [GeneratedRegex("""(?<!:):('\w+'|"\w+")""")]
    private static partial Regex Variable();
}
