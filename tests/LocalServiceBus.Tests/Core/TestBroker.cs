using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;
using HrNetBatch.LocalServiceBus.Storage;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

/// <summary>A broker in memory whose clock stands still, and which can be restarted.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly InMemoryStore _store = new();
    private readonly BrokerDefinition _definition;

    public TestBroker(BrokerDefinition definition)
    {
        _definition = definition;
        Broker = Start();
    }

    public FakeTimeProvider Clock { get; } = new();

    public MessageBroker Broker { get; private set; }

    /// <summary>A broker with one queue.</summary>
    public static TestBroker WithQueue(EntityOptions options) => new(new BrokerDefinition { Queues = [new QueueDefinition("jobs", options)] });

    /// <summary>A message whose label filters see.</summary>
    public static IncomingMessage Message(string id, string? session = null) => new(System.Text.Encoding.UTF8.GetBytes(id), id) { SessionId = session };

    /// <summary>What an entity holds, by the senders' names.</summary>
    public async Task<string[]> IdsAsync(string entity) => [.. (await Broker.Find(entity).PeekAsync(0, 1000)).Select(message => message.MessageId)];

    /// <summary>Takes all that is ready, or the messages of a session.</summary>
    public async Task<List<Message>> ReceiveAsync(string entity, SessionLease? session = null)
    {
        List<Message> received = [];
        Receiver receiver = Broker.Find(entity).Attach(ReceiveMode.PeekLock, session, handover => received.AddRange(handover.Messages));
        await Broker.Find(entity).SetLimitAsync(receiver, 1000, drain: true);
        return received;
    }

    public async Task RestartAsync()
    {
        await Broker.DisposeAsync();
        Broker = Start();
    }

    public ValueTask DisposeAsync() => Broker.DisposeAsync();

    private MessageBroker Start() => new(_definition, _store, new MessageContent(Read, Write), Clock);

    // A message is its label: what filters see of it, and what actions can change.
    private static FilteredMessage Read(byte[] content) =>
        new(new Dictionary<string, object?> { ["Label"] = System.Text.Encoding.UTF8.GetString(content) }, LocalServiceBus.Core.Message.NoProperties);

    private static byte[] Write(byte[] content, FilteredMessage changed) =>
        System.Text.Encoding.UTF8.GetBytes(string.Join(
            ';', changed.Application.Select(property => $"{property.Key}={property.Value}").Prepend($"{changed.System.GetValueOrDefault("Label")}")));
}
