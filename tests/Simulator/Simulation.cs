using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Simulator.Actors;
using HrNetBatch.Simulator.Blobs;
using HrNetBatch.Simulator.Wires;
using Npgsql;

namespace HrNetBatch.Simulator;

/// <summary>
/// A database of its own in which histories are run, one after the other. Not thread-safe: several run side by side in databases of their
/// own.
/// </summary>
public sealed class Simulation : IAsyncDisposable
{
    private const int SessionCount = 32;

    private readonly string _folder = Directory.CreateTempSubdirectory("hrnet-sim-").FullName;
    private readonly ConcurrentBag<Backend> _idle = [];
    private readonly ConcurrentBag<Backend> _all = [];
    private readonly List<Session> _sessions = [];
    private NpgsqlDataSource _direct = null!;

    private Simulation()
    {
    }

    internal TrueTime Time { get; } = new();

    internal BlobMemory Blobs { get; } = new();

    internal IReadOnlyList<Session> Sessions => _sessions;

    /// <summary>The simulator's own way to the database, beside all that the product does.</summary>
    internal NpgsqlConnection Own { get; private set; } = null!;

    /// <summary>Prepares a database.</summary>
    /// <param name="serverAddress">A PostgreSQL with every right.</param>
    /// <param name="name">The database, which is made anew.</param>
    /// <param name="rewrite">Changes the product's statements on their way: for tests that plant faults.</param>
    /// <param name="plant">SQL that is run once the schema is there: for the same.</param>
    public static async Task<Simulation> StartAsync(string serverAddress, string name, Func<string, string>? rewrite = null, string? plant = null)
    {
        var simulation = new Simulation();
        var address = new NpgsqlConnectionStringBuilder(serverAddress) { Database = name };
        await using (NpgsqlDataSource server = NpgsqlDataSource.Create(serverAddress))
        {
            await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            await ExecuteAsync(server, $"CREATE DATABASE {name}");
            await ExecuteAsync(server, Settings(name));
        }
        simulation._direct = NpgsqlDataSource.Create(address.ConnectionString + ";Maximum Pool Size=4");
        await ExecuteAsync(simulation._direct, Clock);
        await new LedgerMigrator(simulation._direct).MigrateAsync();
        if (plant is not null) await ExecuteAsync(simulation._direct, plant);
        simulation.Own = await simulation._direct.OpenConnectionAsync();
        for (int number = 0; number < SessionCount; number++)
        {
            var session = new Session(number + 1, simulation._folder, address, () => simulation.ConnectAsync(address), simulation._idle, simulation.Time, simulation.Blobs) { Rewrite = rewrite };
            simulation._sessions.Add(session);
            await session.WarmAsync();
        }
        return simulation;
    }

    /// <summary>Lives through a history.</summary>
    public Verdict Run(int seed) => new History(this, seed).Run();

    /// <summary>Empties the database and sets its clock to the start.</summary>
    internal void Clear()
    {
        Blobs.Clear();
        Time.Microseconds = 0;
        Execute(
            """
            TRUNCATE hrnet.jobs, hrnet.schedules, hrnet.outbox, hrnet.outbox_demand RESTART IDENTITY CASCADE;
            SELECT setval('sim.ticks', 1), setval('sim.tokens', 1);
            """);
    }

    /// <summary>Sets the clock.</summary>
    internal void Advance(long microseconds)
    {
        using var command = new NpgsqlCommand("SELECT setval('sim.ticks', GREATEST(1, nextval('sim.ticks') + $1))", Own) { Parameters = { new() { Value = microseconds } } };
        Time.Microseconds = (long)command.ExecuteScalar()!;
    }

    /// <summary>The processes for whose locks a process waits.</summary>
    internal int[] BlockersOf(int processId)
    {
        using var command = new NpgsqlCommand("SELECT pg_blocking_pids($1)", Own) { Parameters = { new() { Value = processId } } };
        return (int[])command.ExecuteScalar()!;
    }

    internal void Execute(string sql)
    {
        using var command = new NpgsqlCommand(sql, Own);
        command.ExecuteNonQuery();
    }

    internal void Reset(RetryOptions retry, LedgerOptions ledger, Jitter jitter)
    {
        foreach (Session session in _sessions) session.Reset(retry, ledger, jitter);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Session session in _sessions) await session.DisposeAsync();
        foreach (Backend backend in _all) backend.Dispose();
        await Own.DisposeAsync();
        await _direct.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<Backend> ConnectAsync(NpgsqlConnectionStringBuilder address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(address.Host!), address.Port);
        var backend = new Backend(socket);
        _all.Add(backend);
        return backend;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static string Settings(string name) =>
        $"""
        ALTER DATABASE {name} SET search_path = sim, pg_catalog, public;
        ALTER DATABASE {name} SET jit = off;
        ALTER DATABASE {name} SET deadlock_timeout = '20ms';
        """;

    // What the product's statements, triggers and defaults call clock_timestamp() is this one: its name is found first. It goes on by a
    // microsecond each time that it is read, and otherwise when the scheduler says so. Tokens and ids of events come from a sequence.
    private const string Clock =
        """
        CREATE SCHEMA sim;
        CREATE SEQUENCE sim.ticks MINVALUE 0 START 1;
        CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
          $$ SELECT timestamptz '2030-01-01 00:00:00+00' + nextval('sim.ticks') * interval '1 microsecond' $$;
        CREATE SEQUENCE sim.tokens;
        CREATE FUNCTION sim.token(given uuid) RETURNS uuid LANGUAGE sql VOLATILE AS $$ SELECT md5(nextval('sim.tokens')::text)::uuid $$;
        CREATE FUNCTION sim.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE AS $$ SELECT md5(nextval('sim.tokens')::text)::uuid $$;
        """;
}
