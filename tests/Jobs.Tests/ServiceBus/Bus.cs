using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.ServiceBus.AmqpClient;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using BrokerOptions = HrNetBatch.LocalServiceBus.Hosting.ServiceBusOptions;
using Options = Microsoft.Extensions.Options.Options;
using ServiceBusOptions = HrNetBatch.Jobs.ServiceBus.ServiceBusOptions;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

/// <summary>A broker in this process with one queue, to be stopped and started again, and clients of it.</summary>
internal sealed class Bus : IAsyncDisposable
{
    public const string Queue = "jobs";
    public const string DeadLetters = Queue + "/$deadletterqueue";

    private readonly List<AmqpServiceBusClient> _clients = [];
    private BrokerOptions _options;
    private readonly TimeProvider _time;
    private ServiceBusServer? _server;

    private Bus(BrokerOptions options, TimeProvider time) => (_options, _time) = (options, time);

    /// <summary>The server; only while it runs.</summary>
    public ServiceBusServer Server => _server!;

    /// <summary>The broker's queue, for a look from inside.</summary>
    public Entity Inside => Server.Broker.Find(Queue);

    public static async Task<Bus> StartAsync(TimeProvider? time = null, string? folder = null, bool tls = false, int maxMessageBytes = 256 * 1024)
    {
        var options = new BrokerOptions
        {
            Entities = new BrokerDefinition { Queues = [new QueueDefinition(Queue, new EntityOptions())] },
            Folder = folder,
            Port = 0,
            TlsPort = tls ? 0 : null,
            MaxMessageBytes = maxMessageBytes,
        };
        var bus = new Bus(options, time ?? TimeProvider.System);
        await bus.StartAgainAsync();
        return bus;
    }

    /// <summary>Starts it, on the port that it had.</summary>
    public async Task StartAgainAsync()
    {
        _server = await ServiceBusServer.StartAsync(_options, time: _time);
        _options = _options with { Port = _server.Port };
    }

    public async Task StopAsync()
    {
        await Server.DisposeAsync();
        _server = null;
    }

    /// <summary>A client; the bus disposes it.</summary>
    public AmqpServiceBusClient Client(TimeProvider? time = null, string? connectionString = null, TokenSource? tokens = null)
    {
        var options = new ServiceBusOptions { ConnectionString = connectionString ?? Server.ConnectionString };
        var client = new AmqpServiceBusClient(Options.Create(options), tokens, time ?? TimeProvider.System, NullLogger.Instance);
        _clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (AmqpServiceBusClient client in _clients) await client.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    public static ServiceBusMessage Message(string id) => new() { MessageId = id, Body = "body"u8.ToArray() };
}
