using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Conformance.Tests.DotNet;

/// <summary>A broker of one test's own, in this process and in memory, and the official client that talks to it.</summary>
internal sealed class Bus : IAsyncDisposable
{
    public const string Queue = "queue", Other = "other", Topic = "topic", All = "all";

    /// <summary>Longer than anything here takes; only a fault waits so long.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How long a test waits to be sure that nothing comes.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(150);

    private Bus(ServiceBusServer server, FakeTimeProvider? clock) =>
        (Server, Clock, Client) = (server, clock ?? new FakeTimeProvider(), Connect(server.ConnectionString));

    public ServiceBusServer Server { get; }

    public ServiceBusClient Client { get; }

    /// <summary>The broker's clock, where the test asked for one that it sets.</summary>
    public FakeTimeProvider Clock { get; }

    /// <summary>Starts a broker with the queues "queue" and "other" and the topic "topic" with the subscription "all".</summary>
    /// <param name="queue">How "queue" behaves.</param>
    /// <param name="subscriptions">Subscriptions besides "all".</param>
    /// <param name="options">Anything else about the server.</param>
    /// <param name="withClock">Whether the broker's clock stands still until the test moves it.</param>
    public static async Task<Bus> StartAsync(
        EntityOptions? queue = null, IReadOnlyList<SubscriptionDefinition>? subscriptions = null, ServiceBusOptions? options = null,
            bool withClock = false)
    {
        FakeTimeProvider? clock = withClock ? new FakeTimeProvider(TimeProvider.System.GetUtcNow()) : null;
        options = (options ?? new ServiceBusOptions()) with
        {
            Port = 0,
            Entities = Entities(queue ?? new EntityOptions(), subscriptions ?? [])
        };
        return new Bus(await ServiceBusServer.StartAsync(options, time: clock), clock);
    }

    /// <summary>Connects another client. It does not try again, so that a test sees every failure.</summary>
    public static ServiceBusClient Connect(string connectionString, Action<ServiceBusClientOptions>? configure = null)
    {
        var options = new ServiceBusClientOptions { RetryOptions = { MaxRetries = 0, TryTimeout = Patience } };
        configure?.Invoke(options);
        return new ServiceBusClient(connectionString, options);
    }

    /// <summary>Sends texts to "queue", or to another entity, in one batch.</summary>
    public Task SendAsync(params string[] bodies) => SendToAsync(Queue, bodies);

    public async Task SendToAsync(string entity, params string[] bodies)
    {
        await using ServiceBusSender sender = Client.CreateSender(entity);
        await sender.SendMessagesAsync(bodies.Select(body => new ServiceBusMessage(body)));
    }

    public ServiceBusReceiver Receiver(string queue = Queue, ServiceBusReceiverOptions? options = null) =>
        Client.CreateReceiver(queue, options);

    public ServiceBusReceiver DeadLetters(string queue = Queue) =>
        Receiver(queue, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });

    /// <summary>Receives exactly so many messages, however they are cut into batches.</summary>
    public static async Task<List<ServiceBusReceivedMessage>> ReceiveAsync(ServiceBusReceiver receiver, int count)
    {
        List<ServiceBusReceivedMessage> messages = [];
        while (messages.Count < count)
        {
            IReadOnlyList<ServiceBusReceivedMessage> more = await receiver.ReceiveMessagesAsync(count - messages.Count, Patience);
            Assert.True(more.Count > 0, $"{messages.Count} of {count} messages came.");
            messages.AddRange(more);
        }
        return messages;
    }

    /// <summary>Receives one message.</summary>
    public static async Task<ServiceBusReceivedMessage> ReceiveAsync(ServiceBusReceiver receiver) =>
        await receiver.ReceiveMessageAsync(Patience) ?? throw new TimeoutException("No message came.");

    /// <summary>Fails when a message can be received.</summary>
    public static async Task AssertEmptyAsync(ServiceBusReceiver receiver) =>
        Assert.Null((await receiver.ReceiveMessageAsync(Moment))?.Body.ToString());

    /// <summary>Fails unless the call does, for the given reason.</summary>
    public static async Task<ServiceBusException> AssertFailsAsync(ServiceBusFailureReason reason, Func<Task> call)
    {
        ServiceBusException exception = await Assert.ThrowsAnyAsync<ServiceBusException>(call);
        Assert.True(reason == exception.Reason, $"{exception.Reason}: {exception.Message}");
        return exception;
    }

    public static string[] Bodies(IEnumerable<ServiceBusReceivedMessage> messages) =>
        [.. messages.Select(message => message.Body.ToString())];

    public static string[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(number => $"{number}")];

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }

    private static BrokerDefinition Entities(EntityOptions queue, IReadOnlyList<SubscriptionDefinition> subscriptions) => new()
    {
        Queues = [new(Queue, queue), new(Other, new EntityOptions())],
        Topics = [new(Topic, new EntityOptions(), [new(All, new EntityOptions(), [LocalServiceBus.Core.Filters.Filter.True]),
            .. subscriptions])],
    };
}
