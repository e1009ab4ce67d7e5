using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Npgsql;

namespace HrNetBatch.Worker.Waking;

/// <summary>Hangfire's tables, in a schema of their own beside the ledger.</summary>
public static class HangfireStorage
{
    /// <summary>The schema.</summary>
    public const string Schema = "hangfire";

    private const long SchemaLock = 0x68616E6766697265; // "hangfire"; any constant that every worker knows

    /// <summary>Opens the storage and prepares its schema; workers that start together take turns.</summary>
    /// <param name="connectionString">The ledger's database.</param>
    /// <param name="pollInterval">How often an idle server looks for calls.</param>
    public static PostgreSqlStorage Open(string connectionString, TimeSpan pollInterval)
    {
        var pool = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "hrnet-worker-hangfire" };
        using var connection = new NpgsqlConnection(pool.ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand($"SELECT pg_advisory_lock({SchemaLock})", connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
        try
        {
            PostgreSqlStorageOptions options = Options(pollInterval);
            return new PostgreSqlStorage(new NpgsqlConnectionFactory(pool.ConnectionString, options), options);
        }
        finally
        {
            command.CommandText = $"SELECT pg_advisory_unlock({SchemaLock})";
            command.ExecuteNonQuery();
        }
    }

    /// <summary>
    /// The default of a fixed half hour of invisibility would start every longer job again. Sliding, a dead worker's wake comes
    /// back after seconds; should that fail, the waker issues another.
    /// </summary>
    private static PostgreSqlStorageOptions Options(TimeSpan pollInterval) => new()
    {
        SchemaName = Schema,
        PrepareSchemaIfNecessary = true,
        QueuePollInterval = pollInterval,
        UseSlidingInvisibilityTimeout = true,
        InvisibilityTimeout = TimeSpan.FromSeconds(20),
        JobExpirationCheckInterval = TimeSpan.FromMinutes(10),
    };
}
