using System.Globalization;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Tests.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using BrokerOptions = HrNetBatch.LocalServiceBus.Hosting.ServiceBusOptions;

namespace HrNetBatch.Infra.Tests.Published;

/// <summary>What stands for Azure here: a PostgreSQL that demands the identity's token, Azurite, a Service Bus, and the view of a client.</summary>
internal sealed class LocalAzure : IAsyncDisposable
{
    private const string Token = "eyJ0eXAiOiJKV1QifQ.the-token.of-the-identity";

    private readonly TestDatabase _database;
    private readonly PasswordRole _role;
    private readonly ManagedIdentity _identity;
    private readonly ServiceBusServer _bus;
    private readonly TemporaryFolder _busFolder;
    private readonly string _storage;
    private readonly ServiceProvider _client;

    private LocalAzure(TestDatabase database, PasswordRole role, ManagedIdentity identity, ServiceBusServer bus, TemporaryFolder busFolder, string storage, string container)
    {
        (_database, _role, _identity, _bus, _busFolder, _storage) = (database, role, identity, bus, busFolder, storage);
        Root = BlobPath.Parse($"blob://main/{container}");
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = database.ConnectionString,
            ["HrNetBatch:Blobs:Accounts:main:ConnectionString"] = storage,
            ["HrNetBatch:ServiceBus:ConnectionString"] = bus.ConnectionString,
        }).Build();
        _client = new ServiceCollection().AddLogging().AddHrNetJobs(configuration).BuildServiceProvider();
    }

    /// <summary>The container of blobs.</summary>
    public BlobPath Root { get; }

    public BlobStore Blobs => _client.GetRequiredService<BlobStore>();

    public JobStore Jobs => _client.GetRequiredService<JobStore>();

    public static async Task<LocalAzure> StartAsync(PostgresFixture postgres, AzuriteFixture azurite, string queue, string topic)
    {
        TestDatabase database = await postgres.CreateDatabaseAsync();
        PasswordRole role = await PasswordRole.CreateAsync(postgres, database, Token);
        await role.ExecuteAsync($"CREATE ROLE {role.Name}_owner NOLOGIN; GRANT {role.Name}_owner TO {role.Name}; GRANT CREATE ON DATABASE {role.Database} TO {role.Name}_owner");
        var busFolder = new TemporaryFolder();
        ServiceBusServer bus = await ServiceBusServer.StartAsync(new BrokerOptions
        {
            Entities = new BrokerDefinition
            {
                Queues = [new QueueDefinition(queue, new EntityOptions())],
                Topics = [new TopicDefinition(topic, new EntityOptions(), [])],
            },
            Folder = busFolder.Path,
            Port = 0,
        });
        return new(database, role, await ManagedIdentity.StartAsync(Token), bus, busFolder, await azurite.ConnectionStringAsync(), (await azurite.CreateContainerAsync()).Name);
    }

    /// <summary>The environment of a container: as Bicep gives it, with values of this machine, and what the platform adds.</summary>
    /// <param name="azure">As Bicep gives it.</param>
    /// <param name="portName">The variable that says where the program listens.</param>
    /// <param name="port">Where it listens here.</param>
    public Dictionary<string, string> EnvironmentOf(IReadOnlyDictionary<string, string> azure, string portName, int port)
    {
        var local = new Dictionary<string, string>
        {
            ["HrNetBatch__Ledger__ConnectionString"] = $"{_role.ConnectionString};Options=-c role={_role.Name}_owner",
            ["HrNetBatch__Blobs__Accounts__main__ServiceUri"] = _storage,
            [portName] = port.ToString(CultureInfo.InvariantCulture),
        };
        foreach ((string name, string value) in new[] { ("HrNetBatch__ServiceBus__Namespace", _bus.ConnectionString), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("AZURE_CLIENT_ID", _identity.Environment["AZURE_CLIENT_ID"]) })
        {
            if (azure.ContainsKey(name))
                local[name] = value;
        }
        Dictionary<string, string> environment = LocalEnvironment.Of(azure, local);
        foreach ((string name, string value) in _identity.Environment.Where(variable => variable.Key.StartsWith("IDENTITY_", StringComparison.Ordinal)))
            environment[name] = value; // the platform's own
        return environment;
    }

    public Task UploadAsync(string name, byte[] content) =>
        Blobs.UploadAsync(Root.Combine(name), new MemoryStream(content), cancellation: TestContext.Current.CancellationToken);

    /// <summary>Asks for a job as any client of Service Bus does.</summary>
    public async Task<Guid> SendAsync<TArguments>(string queue, TArguments arguments) where TArguments : IJobArguments
    {
        JobRequest request = JobRequest.For(arguments);
        await _client.GetRequiredService<MessageBus>().SendAsync(queue, [JobMessage.Of(request)], TestContext.Current.CancellationToken);
        return request.Id;
    }

    /// <summary>Waits until the job is there and as it should be; fails at once when it failed.</summary>
    public Task<Job> UntilAsync(Guid job, Func<Job, bool> condition, string expectation) => Eventually.GetAsync(
        async () =>
        {
            Job? found = await Jobs.FindAsync(job, TestContext.Current.CancellationToken);
            Assert.False(found is { State: JobState.Failed }, found?.Error);
            return found is not null && condition(found) ? found : null;
        },
        expectation, TimeSpan.FromMinutes(5));

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _bus.DisposeAsync();
        await _identity.DisposeAsync();
        await _database.DisposeAsync();
        _busFolder.Dispose();
    }
}
