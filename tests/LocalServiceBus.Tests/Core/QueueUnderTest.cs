using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Storage;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

/// <summary>A broker with one queue and one receiver, on a store that outlives it and a clock that stands still.</summary>
internal sealed class QueueUnderTest : IAsyncDisposable
{
    public const string Name = "jobs";

    private readonly EntityOptions _options;
    private readonly Func<IMessageStore> _open;
    private MessageBroker _broker;
    private Receiver? _receiver;
    private uint _limit;

    public QueueUnderTest(EntityOptions options, Func<IMessageStore> open)
    {
        (_options, _open) = (options, open);
        _broker = Start();
    }

    public FakeTimeProvider Clock { get; } = new();

    public Entity Queue => _broker.Find(Name);

    public Entity DeadLetters => _broker.Find($"{Name}/$DeadLetterQueue");

    /// <summary>What the receiver was handed since the last look.</summary>
    public List<Message> Handed { get; } = [];

    /// <summary>How often the receiver was told that its credit is used up.</summary>
    public int DrainCount { get; private set; }

    public Task AddCreditAsync(int count, bool drain = false)
    {
        _receiver ??= Queue.Attach(ReceiveMode.PeekLock, null, handover =>
        {
            Handed.AddRange(handover.Messages);
            if (handover.DrainedAt is { } drainedAt) (DrainCount, _limit) = (DrainCount + 1, drainedAt);
        });
        _limit += (uint)count;
        return Queue.SetLimitAsync(_receiver, _limit, drain);
    }

    public static IncomingMessage Message(string id) => new([1, 2, 3], id);

    public async Task RestartAsync()
    {
        await _broker.DisposeAsync();
        _broker = Start();
        (_receiver, _limit) = (null, 0);
    }

    public async Task<List<string>> DescribeAsync(Entity entity) =>
        [.. (await entity.PeekAsync(0, int.MaxValue)).Select(message => ModelMessage.Describe(
            message.SequenceNumber, message.MessageId, message.State, message.DeliveryCount, message.Lock?.Until))];

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    private MessageBroker Start() => new(
        new BrokerDefinition { Queues = [new QueueDefinition(Name, _options)] },
        _open(),
        MessageRewriter.Content,
        Clock);
}
