using HrNetBatch.LocalStack;
using Npgsql;
using Xunit;

namespace HrNetBatch.TestKit;

/// <summary>A role of a real PostgreSQL with a password of its own, as every role in Azure has.</summary>
public sealed class PasswordRole
{
    private readonly string _server;

    private PasswordRole(PostgresServer server, string name, string database)
    {
        _server = server.ConnectionString;
        Name = name;
        Database = database;
        ConnectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = name, Password = null, Database = database }.ConnectionString;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The database that it may create schemas in.</summary>
    public string Database { get; }

    /// <summary>Connects as the role, without a password.</summary>
    public string ConnectionString { get; }

    /// <summary>Makes a role that may create schemas in the database.</summary>
    public static async Task<PasswordRole> CreateAsync(PostgresFixture postgres, TestDatabase database, string password)
    {
        string databaseName = new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!;
        var role = new PasswordRole(await postgres.ServerAsync(), $"role_{Guid.CreateVersion7():n}", databaseName);
        await role.ExecuteAsync($"CREATE ROLE {role.Name} LOGIN PASSWORD '{password}'");
        await role.ExecuteAsync($"GRANT CREATE, CONNECT ON DATABASE {databaseName} TO {role.Name}");
        return role;
    }

    /// <summary>From now on, new connections need another password.</summary>
    public Task SetPasswordAsync(string password) => ExecuteAsync($"ALTER ROLE {Name} PASSWORD '{password}'");

    /// <summary>Runs a statement as the server's owner.</summary>
    public async Task<object?> ExecuteAsync(string sql)
    {
        await using NpgsqlDataSource server = NpgsqlDataSource.Create(_server);
        await using NpgsqlCommand command = server.CreateCommand(sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
