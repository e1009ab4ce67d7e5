using Hangfire.PostgreSql;
using HrNetBatch.Jobs.Ledger;
using Npgsql;

namespace HrNetBatch.Worker.Waking;

/// <summary>Hangfire's tables, in a schema of their own beside the ledger.</summary>
public static class HangfireStorage
{
    /// <summary>The schema.</summary>
    public const string Schema = "hangfire";

    /// <summary>After how long a lock counts as left behind by a dead process; state changes take milliseconds.</summary>
    internal static readonly TimeSpan LockLife = TimeSpan.FromSeconds(5);

    /// <summary>Opens the storage and prepares its schema; programs that start together take turns.</summary>
    /// <param name="database">The ledger's database; the storage's for as long as it lives.</param>
    /// <param name="pollInterval">How often an idle server looks for calls.</param>
    public static PostgreSqlStorage Open(NpgsqlDataSource database, TimeSpan pollInterval) =>
        SchemaLock.PrepareHangfire(database, () => new PostgreSqlStorage(new Connections(database), Options(pollInterval)));

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

        // A worker that dies while it changes a call's state leaves its lock, and whoever fetches the call next would wait for it ten
        // minutes long by default. Two that change one call at once do no harm: the ledger decides who works.
        DistributedLockTimeout = LockLife,
    };

    /// <summary>Hangfire's connections are made, and signed in, as the ledger's are.</summary>
    private sealed class Connections(NpgsqlDataSource database) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => database.CreateConnection();
    }
}
