using Dapper;
using DbUp;
using DbUp.Engine;
using DbUp.Postgresql;
using Npgsql;

namespace HrNetBatch.Jobs.Ledger;

/// <summary>Brings the schema <c>hrnet</c> up to date; any number of processes may do so at once.</summary>
public sealed class LedgerMigrator(NpgsqlDataSource database)
{
    // Any constant will do, as long as every version of the program uses the same.
    private const long MigrationLock = 0x68726E6574; // "hrnet"

    /// <summary>Runs the scripts in Migrations that this database has not seen.</summary>
    public async Task MigrateAsync(CancellationToken cancellation = default)
    {
        // The lock belongs to this connection, so a process that dies while migrating releases it.
        await using NpgsqlConnection connection = await database.OpenConnectionAsync(cancellation);
        await connection.ExecuteAsync(new CommandDefinition("SELECT pg_advisory_lock(@MigrationLock)", new { MigrationLock }, commandTimeout: 0, cancellationToken: cancellation));
        try
        {
            await connection.ExecuteAsync(new CommandDefinition("CREATE SCHEMA IF NOT EXISTS hrnet", cancellationToken: cancellation));
            DatabaseUpgradeResult result = DeployChanges.To
                .PostgresqlDatabase(new PostgresqlConnectionManager(database))
                .WithScriptsEmbeddedInAssembly(typeof(LedgerMigrator).Assembly)
                .JournalToPostgresqlTable("hrnet", "schema_versions")
                .WithVariablesDisabled()
                .WithTransactionPerScript()
                .LogToNowhere()
                .Build()
                .PerformUpgrade();
            if (!result.Successful)
                throw new InvalidOperationException($"The ledger's migration {result.ErrorScript?.Name} failed: {result.Error.Message}", result.Error);
        }
        finally
        {
            await connection.ExecuteAsync("SELECT pg_advisory_unlock(@MigrationLock)", new { MigrationLock });
        }
    }
}
