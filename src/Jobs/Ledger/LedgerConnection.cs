using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>How this project connects to its ledger: every connection is made here, Hangfire's and the migrations' too.</summary>
public static class LedgerConnection
{
    // Under this, a process that merely waits for its turn on a busy machine would be cut off.
    private static readonly TimeSpan ShortestLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Connections that the server ends when they stand still inside a transaction for half a lease. A process that is frozen
    /// or cut off there would hold its locks for hours, and nobody could take its lane over.
    /// </summary>
    internal static NpgsqlDataSource Open(LedgerOptions options, EntraPasswords passwords)
    {
        NpgsqlConnectionStringBuilder connection = LedgerAddress.Parse(options.ConnectionString);
        double limit = Math.Ceiling(Math.Max(ShortestLimit.TotalMilliseconds, options.LeaseDuration.TotalMilliseconds / 2));
        return Build("ledger", With(connection, string.Create(CultureInfo.InvariantCulture, $"idle_in_transaction_session_timeout={limit}")), options, passwords);
    }

    /// <summary>Connections of their own for Hangfire, signed in as the ledger's are. The caller disposes them.</summary>
    /// <param name="name">What PostgreSQL calls them.</param>
    /// <param name="options">The ledger.</param>
    /// <param name="passwords">Where tokens come from, if they are wanted.</param>
    public static NpgsqlDataSource OpenForHangfire(string name, LedgerOptions options, EntraPasswords passwords) =>
        Build(name, Named(LedgerAddress.Parse(options.ConnectionString), name), options, passwords);

    private static NpgsqlConnectionStringBuilder Named(NpgsqlConnectionStringBuilder connection, string name)
    {
        connection.ApplicationName = name;
        return connection;
    }

    private static NpgsqlConnectionStringBuilder With(NpgsqlConnectionStringBuilder connection, string setting)
    {
        connection.Options = $"{connection.Options} -c {setting}".TrimStart();
        return connection;
    }

    private static NpgsqlDataSource Build(string name, NpgsqlConnectionStringBuilder connection, LedgerOptions options, EntraPasswords passwords)
    {
        // Statements here are small and asked often: compiling one takes a quarter of a second, running it a millisecond.
        With(connection, "jit=off");

        // Npgsql would try Kerberos first, which nobody here uses and small container images lack the libraries of.
        if (connection.GssEncryptionMode == GssEncryptionMode.Prefer)
            connection.GssEncryptionMode = GssEncryptionMode.Disable;
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString) { Name = name };
        // Only what belongs to a job or a request is a span: what is asked every second would drown it.
        builder.ConfigureTracing(tracing => tracing
            .EnablePhysicalOpenTracing(false)
            .ConfigureCommandFilter(_ => Activity.Current is not null)
            .ConfigureBatchFilter(_ => Activity.Current is not null));
        if (options.Authentication == LedgerAuthentication.Entra)
            builder.UsePasswordProvider(_ => passwords.Get(), (_, cancellation) => passwords.GetAsync(cancellation));
        return builder.Build();
    }
}
