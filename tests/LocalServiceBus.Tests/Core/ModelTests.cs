using CsCheck;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Storage;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class ModelTests
{
    [Fact]
    public Task AnyHistory_LeavesTheQueueAsTheModelSays_InMemory() =>
        SampleAsync(iterations: 1000, () =>
        {
            var store = new InMemoryStore();
            return () => store;
        });

    [Fact]
    public async Task AnyHistory_LeavesTheQueueAsTheModelSays_InAFile()
    {
        using var folder = new TemporaryFolder();
        int count = 0;
        await SampleAsync(iterations: 20, () =>
        {
            string name = folder.File($"history-{Interlocked.Increment(ref count)}");
            return () => SqliteStore.Open(name, _ => { });
        });
    }

    private static Task SampleAsync(int iterations, Func<Func<IMessageStore>> newStore) =>
        Gen.Select(QueueCommand.History, Gen.Bool).SampleAsync(
            (history, deadLetterExpired) => CheckAsync(history, deadLetterExpired, newStore()), iter: iterations, threads: 1,
            print: sample => string.Join('\n', sample.Item1.Select(command => command.ToString())));

    private static async Task CheckAsync(QueueCommand[] history, bool deadLetterExpired, Func<IMessageStore> open)
    {
        var options = new EntityOptions { LockDuration = TimeSpan.FromSeconds(30), MaxDeliveryCount = 3, DeadLetterExpired = deadLetterExpired };
        await using var broker = new QueueUnderTest(options, open);
        var model = new ModelQueue(options) { Now = broker.Clock.GetUtcNow() };
        List<(ModelLock Model, Guid Token)> held = [];

        foreach (QueueCommand command in history)
        {
            List<ModelLock> locks = [];
            bool expected = true, actual = true;
            switch (command)
            {
                case QueueCommand.Send send:
                    string id = Guid.NewGuid().ToString("n")[..6];
                    TimeSpan? life = send.LifeSeconds == 0 ? null : TimeSpan.FromSeconds(send.LifeSeconds);
                    DateTimeOffset? at = send.DelaySeconds == 0 ? null : model.Now.AddSeconds(send.DelaySeconds);
                    long number = model.Send(id, life, at);
                    long[] numbers = await broker.Queue.SendAsync([QueueUnderTest.Message(id) with { TimeToLive = life, ScheduledFor = at }]);
                    Assert.Equal([number], numbers);
                    break;
                case QueueCommand.AddCredit credit:
                    model.AddCredit(credit.Count);
                    await broker.AddCreditAsync(credit.Count);
                    break;
                case QueueCommand.Settle settle when held.Count > 0:
                    (ModelLock Model, Guid Token) one = held[settle.Which % held.Count];
                    expected = model.Settle(one.Model, settle.How) || settle.How == "release";
                    actual = await SucceedsAsync(SettleAsync(broker.Queue, one.Token, settle.How));
                    break;
                case QueueCommand.ReceiveDeferred receive:
                    expected = model.ReceiveDeferred(receive.Number, out ModelMessage? message);
                    if (message is not null) locks.Add(new ModelLock(message, message.LockCount));
                    actual = await SucceedsAsync(ReceiveDeferredAsync(broker, receive.Number));
                    break;
                case QueueCommand.Cancel cancel:
                    expected = model.Cancel(cancel.Number);
                    actual = await SucceedsAsync(broker.Queue.CancelScheduledAsync([cancel.Number]));
                    break;
                case QueueCommand.Drain:
                    model.Drain();
                    int before = broker.DrainCount;
                    await broker.AddCreditAsync(0, drain: true);
                    Assert.Equal(before + 1, broker.DrainCount);
                    break;
                case QueueCommand.Advance advance:
                    broker.Clock.Advance(TimeSpan.FromSeconds(advance.Seconds));
                    model.Now = broker.Clock.GetUtcNow();
                    break;
                case QueueCommand.Restart:
                    model.Restart();
                    await broker.RestartAsync();
                    break;
            }
            locks.AddRange(model.Tick());
            Assert.Equal(expected, actual);
            Assert.Equal(model.Messages, await broker.DescribeAsync(broker.Queue));
            Assert.Equal(model.DeadLetters, await broker.DescribeAsync(broker.DeadLetters));
            Assert.Equal(locks.Select(taken => taken.Message.Id), broker.Handed.Select(message => message.MessageId));
            held.AddRange(locks.Zip(broker.Handed, (taken, message) => (taken, message.Lock!.Token)));
            broker.Handed.Clear();
        }
    }

    private static async Task ReceiveDeferredAsync(QueueUnderTest broker, long number) =>
        broker.Handed.AddRange(await broker.Queue.ReceiveDeferredAsync([number], ReceiveMode.PeekLock));

    private static Task SettleAsync(Entity queue, Guid token, string how) => how switch
    {
        "complete" => queue.CompleteAsync(token),
        "abandon" => queue.AbandonAsync(token),
        "defer" => queue.DeferAsync(token),
        "dead-letter" => queue.DeadLetterAsync(token, "because", null),
        "release" => queue.ReleaseAsync(token),
        _ => queue.RenewLockAsync(token),
    };

    private static async Task<bool> SucceedsAsync(Task request)
    {
        try
        {
            await request;
            return true;
        }
        catch (BrokerException)
        {
            return false;
        }
    }
}
