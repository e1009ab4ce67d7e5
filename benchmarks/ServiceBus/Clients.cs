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

    /// <summary>Receives and completes messages, 50 at once.</summary>
    Task TakeAsync(int count);
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

    // As the worker's intake did.
    public async Task TakeAsync(int count)
    {
        for (int taken = 0; taken < count;)
        {
            IReadOnlyList<ReceivedMessage> messages = await _client.ReceiveAsync(Queue, Comparison.TakeCount, TimeSpan.FromSeconds(5));
            if (messages.Count == 0) throw new InvalidOperationException($"{count - taken} messages are missing.");
            await Task.WhenAll(messages.Select(message => _client.CompleteAsync(message)));
            taken += messages.Count;
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

/// <summary>Microsoft's client, as this project uses it.</summary>
internal sealed class NewClient : IClient
{
    private const string Queue = "new";

    private readonly MessageBus _bus;

    public NewClient(string connectionString) => _bus = new MessageBus(
        Options.Create(new ServiceBusOptions { ConnectionString = connectionString }),
        new Lazy<TokenCredential>(() => throw new InvalidOperationException("The key opens it.")), NullLogger<MessageBus>.Instance);

    public string Name => "Azure.Messaging.ServiceBus";

    public Task SendAsync(int count) => _bus.SendAsync(Queue, [.. Enumerable.Range(0, count).Select(_ => new Azure.Messaging.ServiceBus.ServiceBusMessage(Comparison.Body)
    {
        MessageId = Guid.NewGuid().ToString(),
    })]);

    // As the worker's intake does.
    public async Task TakeAsync(int count)
    {
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int left = count;
        await using Azure.Messaging.ServiceBus.ServiceBusProcessor processor = _bus.CreateProcessor(Queue, Comparison.TakeCount);
        processor.ProcessMessageAsync += async delivery =>
        {
            await delivery.CompleteMessageAsync(delivery.Message);
            if (Interlocked.Decrement(ref left) == 0) all.SetResult();
        };
        processor.ProcessErrorAsync += error =>
        {
            all.TrySetException(error.Exception);
            return Task.CompletedTask;
        };
        await processor.StartProcessingAsync();
        await all.Task;
    }

    public ValueTask DisposeAsync() => _bus.DisposeAsync();
}
