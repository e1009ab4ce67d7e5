using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Storage;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class TransactionTests
{
    private static readonly BrokerDefinition Two = new()
    {
        Queues = [new QueueDefinition("in", new EntityOptions()), new QueueDefinition("out", new EntityOptions())],
    };

    [Fact]
    public async Task AllOfIt_IsOneWriteOfTheStore()
    {
        var store = new RecordingStore();
        await using var broker = new MessageBroker(Two, store,
            new MessageContent(_ => throw new NotSupportedException(), (content, _) => content), TimeProvider.System);
        await broker.Find("in").SendAsync([TestBroker.Message("a")]);
        Message held = await ReceiveAsync(broker);
        var transaction = new Transaction();
        await broker.Find("in").SettleAsync(held.Lock!.Token, new Completion(), transaction);
        await broker.Find("out").SendAsync([TestBroker.Message("b"), TestBroker.Message("c")], transaction);
        int before = store.Writes.Count;

        await broker.CommitAsync(transaction);

        IReadOnlyList<Change> written = Assert.Single(store.Writes.Skip(before));
        Assert.Equal([typeof(MessageRemoved), typeof(MessageAdded), typeof(MessageAdded)], written.Select(change => change.GetType()));
    }

    [Fact]
    public async Task WhenAPartCannotBeDone_NothingIsWritten()
    {
        var store = new RecordingStore();
        await using var broker = new MessageBroker(Two, store,
            new MessageContent(_ => throw new NotSupportedException(), (content, _) => content), TimeProvider.System);
        await broker.Find("in").SendAsync([TestBroker.Message("a")]);
        Message held = await ReceiveAsync(broker);
        var transaction = new Transaction();
        await broker.Find("out").SendAsync([TestBroker.Message("b")], transaction);
        await broker.Find("in").SettleAsync(held.Lock!.Token, new Completion(), transaction);
        await broker.Find("in").CompleteAsync(held.Lock.Token);   // somebody settles it outside
        int before = store.Writes.Count;

        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => broker.CommitAsync(transaction));

        Assert.Equal(Refusal.MessageLockLost, refused.Reason);
        Assert.Equal(before, store.Writes.Count);
        Assert.Empty(await broker.Find("out").PeekAsync(0, 10));
    }

    private static async Task<Message> ReceiveAsync(MessageBroker broker)
    {
        List<Message> received = [];
        Entity queue = broker.Find("in");
        await queue.SetLimitAsync(queue.Attach(ReceiveMode.PeekLock, null, handover => received.AddRange(handover.Messages)), 1,
            drain: false);
        return Assert.Single(received);
    }

    private sealed class RecordingStore : IMessageStore
    {
        private readonly InMemoryStore _store = new();

        public List<IReadOnlyList<Change>> Writes { get; } = [];

        public IReadOnlyList<StoredEntity> Load() => _store.Load();

        public Task WriteAsync(IReadOnlyList<Change> changes)
        {
            Writes.Add([.. changes]);
            return _store.WriteAsync(changes);
        }

        public ValueTask DisposeAsync() => _store.DisposeAsync();
    }
}
