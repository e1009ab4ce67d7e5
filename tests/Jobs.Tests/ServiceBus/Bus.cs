using Azure.Core;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;
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

    private readonly List<MessageBus> _clients = [];
    private BrokerOptions _options;
    private readonly TimeProvider _time;
    private ServiceBusServer? _server;

    private Bus(BrokerOptions options, TimeProvider time) => (_options, _time) = (options, time);

    /// <summary>The server; only while it runs.</summary>
    public ServiceBusServer Server => _server!;

    /// <summary>The broker's queue, for a look from inside.</summary>
    public Entity Inside => Server.Broker.Find(Queue);

    public static async Task<Bus> StartAsync(TimeProvider? time = null, string? folder = null, int? tlsPort = null, int maxMessageBytes = 256 * 1024)
    {
        var options = new BrokerOptions
        {
            Entities = new BrokerDefinition { Queues = [new QueueDefinition(Queue, new EntityOptions())] },
            Folder = folder,
            Port = 0,
            TlsPort = tlsPort,
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
    public MessageBus Client(string? connectionString = null, string? certificateFile = null) =>
        Client(new ServiceBusOptions { ConnectionString = connectionString ?? Server.ConnectionString, CertificateFile = certificateFile });

    /// <summary>A client with options of the test's own; the bus disposes it.</summary>
    public MessageBus Client(ServiceBusOptions options, TokenCredential? credential = null)
    {
        var client = new MessageBus(
            Options.Create(options), new Lazy<TokenCredential>(() => credential ?? throw new InvalidOperationException("A key opens it.")), NullLogger<MessageBus>.Instance);
        _clients.Add(client);
        return client;
    }

    /// <summary>Puts a message that no client can decode into the queue.</summary>
    public Task AddUndecodableAsync(string id = "broken") => Inside.SendAsync([new IncomingMessage(UndecodableMessage.Content(id), id)]);

    public async ValueTask DisposeAsync()
    {
        foreach (MessageBus client in _clients) await client.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
    }

    public static ServiceBusMessage Message(string id) => new("body"u8.ToArray()) { MessageId = id };

    public static ServiceBusMessage[] Messages(int count) => [.. Enumerable.Range(0, count).Select(number => Message($"{number}"))];
}
