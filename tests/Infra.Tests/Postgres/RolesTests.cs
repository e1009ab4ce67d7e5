using HrNetBatch.Infra.Tests.Bicep;
using HrNetBatch.Infra.Tests.Kubernetes;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HrNetBatch.Infra.Tests.Postgres;

/// <summary>
/// The scripts that make the database's roles, run in a real PostgreSQL in which only Azure's own function is made up, and the
/// connection strings of Bicep, of which only the server is another.
/// </summary>
public sealed class RolesTests(PostgresFixture postgres, Deployments deployments)
{
    private const string Worker = "hrnet-trial-worker", Dashboard = "hrnet-trial-dashboard", Scaler = "hrnet-trial-platform";

    // What Azure has before anybody comes: a function that makes roles of Entra ID's principals, and an administrator who is no superuser.
    private static string Azure(string password) => $"""
        CREATE OR REPLACE FUNCTION pgaadauth_create_principal(name text, is_admin boolean, is_mfa boolean) RETURNS text
        LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          EXECUTE format('CREATE ROLE %I LOGIN PASSWORD %L', name, '{password}');
          RETURN 'Created role for ' || name;
        END $$;
        CREATE ROLE administrator LOGIN CREATEROLE CREATEDB PASSWORD '{password}';
        CREATE ROLE stranger LOGIN PASSWORD '{password}';
        """;

    [Fact]
    public async Task WorkerAndDashboard_ShareTheLedger_AndTheScalerOnlyCounts()
    {
        PostgresServer server = await postgres.ServerAsync();
        await ExecuteAsync(server.ConnectionString, Azure(new NpgsqlConnectionStringBuilder(server.ConnectionString).Password!));
        string administrator = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "administrator" }.ConnectionString;
        Dictionary<string, string> roles = new() { ["worker"] = Worker, ["dashboard"] = Dashboard, ["scaler"] = Scaler };

        for (int run = 0; run < 2; run++)
            await PsqlScript.RunAsync("roles.sql", administrator, roles);
        string worker = await LedgerOfAsync("worker-cpu", server), dashboard = await LedgerOfAsync("dashboard", server);
        await MigrateAsync(dashboard);
        await MigrateAsync(worker);
        for (int run = 0; run < 2; run++)
            await PsqlScript.RunAsync("scaler.sql", administrator, roles);

        // What one makes is the other's: tables, and columns that a later version adds.
        await ExecuteAsync(worker, "CREATE TABLE hrnet.made_by_a_worker (id integer)");
        await ExecuteAsync(dashboard, "ALTER TABLE hrnet.made_by_a_worker ADD COLUMN more integer; DROP TABLE hrnet.made_by_a_worker");

        string scaler = new NpgsqlConnectionStringBuilder(worker) { Username = Scaler, Options = null }.ConnectionString;
        foreach (string kind in (string[])["train", "validate", "classify", "export"])
            Assert.Equal(0L, await ExecuteAsync(scaler, Manifests.Backlog(kind)));
        await RefusedAsync(scaler, "SELECT count(*) FROM hrnet.units", PostgresErrorCodes.InsufficientPrivilege);
        await RefusedAsync(scaler, "DELETE FROM hrnet.jobs", PostgresErrorCodes.InsufficientPrivilege);
        await RefusedAsync(scaler, "SET ROLE hrnet_owner", PostgresErrorCodes.InsufficientPrivilege);
        await RefusedAsync(new NpgsqlConnectionStringBuilder(scaler) { Username = "stranger" }.ConnectionString, "SELECT 1", PostgresErrorCodes.InsufficientPrivilege);
        await RefusedAsync(worker, "CREATE ROLE another", PostgresErrorCodes.InsufficientPrivilege);
    }

    // Bicep's connection string, to a server that knows neither TLS nor Entra ID: every role has the server's password.
    private async Task<string> LedgerOfAsync(string app, PostgresServer server)
    {
        NpgsqlConnectionStringBuilder here = new(server.ConnectionString);
        return new NpgsqlConnectionStringBuilder(Variables.Of((await deployments.Trial).App(app))["HrNetBatch__Ledger__ConnectionString"])
        {
            Host = here.Host,
            Port = here.Port,
            Password = here.Password,
            SslMode = SslMode.Disable,
        }.ConnectionString;
    }

    private static async Task MigrateAsync(string ledger)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { [$"{LedgerOptions.Section}:ConnectionString"] = ledger }).Build();
        await using ServiceProvider services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration).BuildServiceProvider();
        await services.GetRequiredService<LedgerMigrator>().MigrateAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private static async Task RefusedAsync(string connectionString, string sql, string code)
    {
        PostgresException refusal = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connectionString, sql));
        Assert.Equal(code, refusal.SqlState);
    }
}
