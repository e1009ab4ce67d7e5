using System.Globalization;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>How this project connects to its ledger.</summary>
internal static class LedgerConnection
{
    // Under this, a process that merely waits for its turn on a busy machine would be cut off.
    private static readonly TimeSpan ShortestLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Connections that the server ends when they stand still inside a transaction for half a lease. A process that is frozen
    /// or cut off there would hold its locks for hours, and nobody could take its lane over.
    /// </summary>
    public static NpgsqlDataSource Open(LedgerOptions options)
    {
        var connection = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        double limit = Math.Ceiling(Math.Max(ShortestLimit.TotalMilliseconds, options.LeaseDuration.TotalMilliseconds / 2));
        connection.Options = string.Create(CultureInfo.InvariantCulture, $"{connection.Options} -c idle_in_transaction_session_timeout={limit}").TrimStart();
        return NpgsqlDataSource.Create(connection);
    }
}
