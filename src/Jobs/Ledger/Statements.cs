using Dapper;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>
/// How the ledger's statements are run: each on a connection of its own, or in its caller's transaction. In the text, <c>@name</c> stands
/// for a property of the values.
/// </summary>
internal static class Statements
{
    /// <summary>All rows.</summary>
    public static Task<List<TRow>> ListAsync<TRow>(this NpgsqlDataSource database, string sql, object? values, CancellationToken cancellation) =>
        database.OnOwnAsync(async connection => (await connection.QueryAsync<TRow>(Of(sql, values, null, cancellation))).AsList(), cancellation);

    /// <summary>The only row, or the default where there is none.</summary>
    public static Task<TRow?> FindAsync<TRow>(this NpgsqlDataSource database, string sql, object? values, CancellationToken cancellation) =>
        database.OnOwnAsync(connection => connection.QuerySingleOrDefaultAsync<TRow>(Of(sql, values, null, cancellation)), cancellation);

    /// <summary>The only row, which is there.</summary>
    public static Task<TRow> SingleAsync<TRow>(this NpgsqlDataSource database, string sql, object? values, CancellationToken cancellation) =>
        database.OnOwnAsync(connection => connection.QuerySingleAsync<TRow>(Of(sql, values, null, cancellation)), cancellation);

    /// <summary>How many rows were changed.</summary>
    public static Task<int> ExecuteAsync(this NpgsqlDataSource database, string sql, object? values, CancellationToken cancellation) =>
        database.OnOwnAsync(connection => connection.ExecuteAsync(Of(sql, values, null, cancellation)), cancellation);

    /// <inheritdoc cref="ListAsync{TRow}(NpgsqlDataSource, string, object?, CancellationToken)"/>
    public static async Task<List<TRow>> ListAsync<TRow>(this NpgsqlTransaction transaction, string sql, object? values, CancellationToken cancellation) =>
        (await transaction.Connection!.QueryAsync<TRow>(Of(sql, values, transaction, cancellation))).AsList();

    /// <inheritdoc cref="FindAsync{TRow}(NpgsqlDataSource, string, object?, CancellationToken)"/>
    public static Task<TRow?> FindAsync<TRow>(this NpgsqlTransaction transaction, string sql, object? values, CancellationToken cancellation) =>
        transaction.Connection!.QuerySingleOrDefaultAsync<TRow>(Of(sql, values, transaction, cancellation));

    /// <inheritdoc cref="SingleAsync{TRow}(NpgsqlDataSource, string, object?, CancellationToken)"/>
    public static Task<TRow> SingleAsync<TRow>(this NpgsqlTransaction transaction, string sql, object? values, CancellationToken cancellation) =>
        transaction.Connection!.QuerySingleAsync<TRow>(Of(sql, values, transaction, cancellation));

    /// <inheritdoc cref="ExecuteAsync(NpgsqlDataSource, string, object?, CancellationToken)"/>
    public static Task<int> ExecuteAsync(this NpgsqlTransaction transaction, string sql, object? values, CancellationToken cancellation) =>
        transaction.Connection!.ExecuteAsync(Of(sql, values, transaction, cancellation));

    private static async Task<TResult> OnOwnAsync<TResult>(this NpgsqlDataSource database, Func<NpgsqlConnection, Task<TResult>> run, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        return await run(connection);
    }

    private static CommandDefinition Of(string sql, object? values, NpgsqlTransaction? transaction, CancellationToken cancellation) =>
        new(sql, values, transaction, cancellationToken: cancellation);
}
