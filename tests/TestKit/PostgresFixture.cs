using HrNetBatch.LocalStack;
using Npgsql;
using Xunit;

namespace HrNetBatch.TestKit;

/// <summary>
/// One PostgreSQL server for a test project, started by the first test that asks for a database.
/// Use: <c>[assembly: AssemblyFixture(typeof(PostgresFixture))]</c> and a constructor parameter of this type.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<Task<PostgresServer>> _server;

    /// <summary>Prepares the fixture; nothing is started yet.</summary>
    public PostgresFixture() =>
        _server = new(() => PostgresServer.StartAsync(new PostgresOptions { Folder = _folder.Path, Durable = false }));

    /// <summary>The server itself, for tests that stop or kill it.</summary>
    public Task<PostgresServer> ServerAsync() => RequiredService.StartedAsync("PostgreSQL", _server.Value);

    /// <summary>Makes an empty database of the caller's own. Dispose it to drop it.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync()
    {
        PostgresServer server = await ServerAsync();
        string name = $"test_{Guid.CreateVersion7():n}";
        return new TestDatabase(server, name, await server.CreateDatabaseAsync(name, TestContext.Current.CancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully) await (await _server.Value).DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>A database of one test or test class.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly PostgresServer _server;
    private readonly string _name;

    internal TestDatabase(PostgresServer server, string name, string connectionString)
    {
        (_server, _name, ConnectionString) = (server, name, connectionString);
        DataSource = NpgsqlDataSource.Create(connectionString);
    }

    /// <summary>Connects to the database.</summary>
    public string ConnectionString { get; }

    /// <summary>A data source for the database, disposed with it.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>Drops the database, whoever is still connected.</summary>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        if (!_server.IsAlive) return;
        await using NpgsqlDataSource server = NpgsqlDataSource.Create(_server.ConnectionString);
        await using NpgsqlCommand drop = server.CreateCommand($"DROP DATABASE IF EXISTS \"{_name}\" WITH (FORCE)");
        await drop.ExecuteNonQueryAsync();
    }
}
