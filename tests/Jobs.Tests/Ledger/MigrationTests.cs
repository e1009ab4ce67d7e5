using Dapper;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Ledger;

public sealed class MigrationTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Migrate_IsSafe_WhenSeveralProcessesStartAtOnce()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(
            () => new LedgerMigrator(database.DataSource).MigrateAsync(TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken)));

        await using NpgsqlConnection connection = await database.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        string[] scripts = [.. await connection.QueryAsync<string>("SELECT scriptname FROM hrnet.schema_versions ORDER BY schemaversionsid")];
        Assert.Equal(typeof(LedgerMigrator).Assembly.GetManifestResourceNames().Count(name => name.EndsWith(".sql", StringComparison.Ordinal)), scripts.Length);
        Assert.Equal(scripts.Distinct().Order(StringComparer.Ordinal), scripts);
    }
}
