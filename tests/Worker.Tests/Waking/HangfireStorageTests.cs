using Hangfire.PostgreSql;
using Hangfire.Storage;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Waking;
using Npgsql;

namespace HrNetBatch.Worker.Tests.Waking;

public sealed class HangfireStorageTests(PostgresFixture postgres)
{
    [Fact]
    public async Task ACall_IsTakenAtOnce_WhenAWorkerDiedWhileItChangedItsState()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using var database = NpgsqlDataSource.Create(ledger.ConnectionString);
        PostgreSqlStorage storage = HangfireStorage.Open(database, TimeSpan.FromSeconds(1));
        using IStorageConnection dead = storage.GetConnection(), next = storage.GetConnection();
        _ = dead.AcquireDistributedLock("job:7:state-lock", TimeSpan.FromSeconds(1)); // never released
        Assert.Throws<PostgreSqlDistributedLockException>(() => next.AcquireDistributedLock("job:7:state-lock", TimeSpan.Zero));

        await using NpgsqlCommand time = database.CreateCommand("UPDATE hangfire.lock SET acquired = acquired - $1");
        time.Parameters.AddWithValue(HangfireStorage.LockLife);
        Assert.Equal(1, await time.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        next.AcquireDistributedLock("job:7:state-lock", TimeSpan.FromSeconds(1)).Dispose();
    }
}
