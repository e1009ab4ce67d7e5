using Azure.Core;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messaging;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Benchmarks.ServiceBus;

/// <summary>What both clients are asked to do.</summary>
internal interface IClient : IAsyncDisposable
{
    string Name { get; }

    Task SendAsync(int count);

    /// <returns>How many were received and completed.</returns>
    Task<int> TakeAsync(int maximumCount);
}

/// <summary>Our client on AMQPNetLite.</summary>
internal sealed class OldClient : IClient
{
    private const string Queue = "old";

    private readonly ServiceProvider _services;
    private readonly IServiceBusClient _client;

    public OldClient(string connectionString)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["HrNetBatch:ServiceBus:ConnectionString"] = connectionString }).Build());
        services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(JobKinds.Default).AddServiceBus();
        _services = services.BuildServiceProvider();
        _client = _services.GetRequiredService<IServiceBusClient>();
    }

    public string Name => "AMQPNetLite";

    public Task SendAsync(int count) => _client.SendAsync(Queue, [.. Enumerable.Range(0, count).Select(_ => new ServiceBusMessage
    {
        MessageId = Guid.NewGuid().ToString(),
        Body = Comparison.Body,
    })]);

    public async Task<int> TakeAsync(int maximumCount)
    {
        IReadOnlyList<ReceivedMessage> messages = await _client.ReceiveAsync(Queue, maximumCount, Comparison.Wait);
        await Task.WhenAll(messages.Select(message => _client.CompleteAsync(message)));
        return messages.Count;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>Microsoft's client, as this project uses it.</summary>
internal sealed class NewClient : IClient
{
    private const string Queue = "new";

    private readonly MessageBus _bus;
    private readonly MessageReceiver _receiver;

    public NewClient(string connectionString)
    {
        _bus = new MessageBus(
            Options.Create(new ServiceBusOptions { ConnectionString = connectionString }),
            new Lazy<TokenCredential>(() => throw new InvalidOperationException("The key opens it.")), NullLogger<MessageBus>.Instance);
        _receiver = _bus.OpenReceiver(Queue);
    }

    public string Name => "Azure.Messaging.ServiceBus";

    public Task SendAsync(int count) => _bus.SendAsync(Queue, [.. Enumerable.Range(0, count).Select(_ => new Azure.Messaging.ServiceBus.ServiceBusMessage(Comparison.Body)
    {
        MessageId = Guid.NewGuid().ToString(),
    })]);

    public async Task<int> TakeAsync(int maximumCount)
    {
        IReadOnlyList<Azure.Messaging.ServiceBus.ServiceBusReceivedMessage> messages = await _receiver.ReceiveAsync(maximumCount, Comparison.Wait);
        await Task.WhenAll(messages.Select(message => _receiver.CompleteAsync(message)));
        return messages.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        await _bus.DisposeAsync();
    }
}
