using System.Text.RegularExpressions;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>How many lanes want a worker or have one, as infra/keda/backlog.sql counts them, which KEDA runs by itself, too.</summary>
public sealed partial class BacklogStore(NpgsqlDataSource database)
{
    private static readonly string Sql = Read();

    /// <summary>The lanes of one kind.</summary>
    /// <exception cref="ArgumentException">It is no name of a kind; the statement knows no parameters, so nothing else may become a part of it.</exception>
    public async Task<long> CountAsync(string kind, CancellationToken cancellation = default)
    {
        if (!Name().IsMatch(kind))
            throw new ArgumentException($"'{kind}' is no name of a kind.", nameof(kind));
        return await database.SingleAsync<long>(Sql.Replace("{kind}", kind, StringComparison.Ordinal), null, cancellation);
    }

    private static string Read()
    {
        using var reader = new StreamReader(typeof(BacklogStore).Assembly.GetManifestResourceStream("backlog")!);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_-]*\z")]
    private static partial Regex Name();
}
