using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Azure.Storage.Blobs;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.Simulator.Blobs;
using HrNetBatch.Simulator.Wires;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Simulator.Actors;

/// <summary>
/// The product's stores over connections, blobs and a clock that the scheduler holds in hand. It serves one actor after the other.
/// </summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly NpgsqlDataSource _database;
    private readonly Wire _wire;

    public Session(int number, string folder, NpgsqlConnectionStringBuilder server, Func<Task<Backend>> connect, ConcurrentBag<Backend> idle, TrueTime time, BlobMemory blobs)
    {
        Time = time;
        Blobs = blobs;
        Clock = new MachineClock(time, Park);
        _wire = new Wire(folder, number, connect, idle, Arrived) { Rewrite = WithTokensOfTheSeed };
        _wire.Start();
        string address = $"{_wire.Address};Username={server.Username};Password={server.Password};Database={server.Database};SSL Mode=Disable;Gss Encryption Mode=Disable;"
            + "No Reset On Close=true;Command Timeout=0;Timeout=60;Maximum Pool Size=8";
        _database = new NpgsqlDataSourceBuilder(address).Build();
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = address,
            ["HrNetBatch:Blobs:Accounts:sim:ConnectionString"] = BlobAddress,
            ["HrNetBatch:Models:Root"] = "blob://sim/models",
            ["HrNetBatch:Classify:ListingPageSize"] = "3",
            ["HrNetBatch:Classify:LookInterval"] = "00:00:00.5",
        }).Build();
        _services = new ServiceCollection().AddSingleton<TimeProvider>(Clock).AddSingleton(_database).AddHrNetJobs(configuration, SimulatedKinds.All).BuildServiceProvider();
        var options = new BlobClientOptions { TrimBlobNameSlashes = false, Transport = new BlobTransport(AskAsync) };
        options.Retry.MaxRetries = 0; // lost answers and repeated requests are the scheduler's business
        BlobClients(Get<BlobAccounts>())["sim"] = new BlobServiceClient(BlobAddress, options);
    }

    private static string BlobAddress =>
        $"DefaultEndpointsProtocol=http;AccountName=sim;AccountKey={Convert.ToBase64String(new byte[64])};BlobEndpoint=http://127.0.0.1:9/sim";

    public MachineClock Clock { get; }

    public TrueTime Time { get; }

    public BlobMemory Blobs { get; }

    /// <summary>Whom it serves; null: nobody, and requests pass at once.</summary>
    public Actor? Actor { get; set; }

    /// <summary>The stores whose back-offs depend on the seed.</summary>
    public JobStore Jobs { get; private set; } = null!;

    public LeaseStore Leases { get; private set; } = null!;

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Changes statements on their way to the server.</summary>
    public Func<string, string>? Rewrite { set => _wire.Rewrite = value is null ? WithTokensOfTheSeed : text => value(WithTokensOfTheSeed(text)); }

    /// <summary>Begins a history.</summary>
    public void Reset(RetryOptions retry, LedgerOptions ledger, Jitter jitter)
    {
        Jobs = new JobStore(_database, SimulatedKinds.All, Options.Create(retry), jitter);
        Leases = new LeaseStore(_database, SimulatedKinds.All, Options.Create(ledger), Options.Create(retry), jitter);
    }

    /// <summary>Connects once, so that histories do not begin with what Npgsql asks of a server that it does not know.</summary>
    public async Task WarmAsync()
    {
        await using NpgsqlConnection connection = await _database.OpenConnectionAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _database.DisposeAsync();
        _wire.Dispose();
    }

    // Tokens are part of names of blobs, and those are listed in order: random ones would make a seed's history another one each time.
    private static string WithTokensOfTheSeed(string text) =>
        text.Contains("INSERT INTO hrnet.attempts", StringComparison.Ordinal) ? text.Replace("SELECT $1, j.id", "SELECT sim.token($1), j.id", StringComparison.Ordinal) : text;

    private void Arrived(WireRequest request)
    {
        if (Actor is not { } actor)
        {
            request.Connection.Backend.Send(request.Bytes, request.AnswerCount);
            while (!request.Connection.Backend.TryReceive(1_000_000))
            {
            }
            request.Connection.Deliver();
        }
        else if (actor.IsDead)
        {
            request.Connection.Cut();
            request.Connection.Release();
        }
        else
        {
            actor.Stand(request);
        }
    }

    private void Park(Parked parked)
    {
        if (Actor is { IsDead: false } actor) actor.Stand(parked);
        else ThreadPool.QueueUserWorkItem(_ => parked.GoOn());
    }

    private Task<BlobAnswer> AskAsync(BlobRequest request)
    {
        if (Actor is null or { IsDead: true }) throw new GoneException();
        var question = new BlobQuestion(request);
        Actor.Stand(question);
        return question.Answer.Task;
    }

    // The product opens these clients itself; here they get another transport.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_services")]
    private static extern ref ConcurrentDictionary<string, BlobServiceClient> BlobClients(BlobAccounts accounts);
}
