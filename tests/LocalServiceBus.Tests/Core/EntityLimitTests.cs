using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class EntityLimitTests : IAsyncDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);
    private readonly TestBroker _broker = new(new BrokerDefinition());

    private MessageBroker Broker => _broker.Broker;

    [Theory]
    [InlineData(EntityStatus.Active, true, true)]
    [InlineData(EntityStatus.Disabled, false, false)]
    [InlineData(EntityStatus.SendDisabled, false, true)]
    [InlineData(EntityStatus.ReceiveDisabled, true, false)]
    public async Task TheStatus_SaysWhatClientsMayDo_AtOnce(EntityStatus status, bool maySend, bool mayReceive)
    {
        await Broker.CreateAsync("jobs", EntityKind.Queue, new EntityOptions());
        Entity queue = Broker.Find("jobs");
        BrokerException? ended = null;
        queue.Attach(ReceiveMode.PeekLock, null, handover => ended ??= handover.Ended);
        await Broker.UpdateAsync("jobs", EntityKind.Queue, new EntityOptions { Status = status });

        Assert.Equal(mayReceive ? null : Refusal.EntityDisabled, ended?.Reason);
        await ExpectAsync(maySend, () => queue.SendAsync([TestBroker.Message("a")]));
        await ExpectAsync(mayReceive, () => Task.FromResult(queue.Attach(ReceiveMode.PeekLock, null, _ => { })));

        static async Task ExpectAsync(bool may, Func<Task> call)
        {
            if (may) await call();
            else await RunTimeEntityTests.RefusedAsync(Refusal.EntityDisabled, call);
        }
    }

    [Fact]
    public async Task AFullTopic_RefusesMessages_UntilItsSubscriptionsHaveRoom()
    {
        await Broker.CreateAsync("events", EntityKind.Topic, new EntityOptions { MaxSizeMegabytes = 1 });
        await Broker.CreateAsync("events/Subscriptions/one", EntityKind.Subscription, new EntityOptions());
        Entity topic = Broker.Find("events"), one = Broker.Find("events/Subscriptions/one");
        await topic.SendAsync([Big("a"), Big("b")]);
        await RunTimeEntityTests.RefusedAsync(Refusal.QuotaExceeded, () => topic.SendAsync([TestBroker.Message("c")]));
        Assert.Equal(1024 * 1024, Broker.Describe("events")?.Counts.Bytes);

        Message held = (await _broker.ReceiveAsync("events/Subscriptions/one"))[0];
        await one.DeadLetterAsync(held.Lock!.Token, null, null);
        await RunTimeEntityTests.RefusedAsync(Refusal.QuotaExceeded, () => topic.SendAsync([TestBroker.Message("c")]));
        const string DeadLetters = "events/Subscriptions/one/$DeadLetterQueue";
        await Broker.Find(DeadLetters).CompleteAsync((await _broker.ReceiveAsync(DeadLetters))[0].Lock!.Token);
        await topic.SendAsync([TestBroker.Message("c")]);

        static IncomingMessage Big(string id) => new(new byte[512 * 1024], id);
    }

    [Fact]
    public async Task AMessageLargerThanItsQueueTakes_IsRefused()
    {
        await Broker.CreateAsync("jobs", EntityKind.Queue, new EntityOptions { MaxMessageKilobytes = 1 });
        await Broker.Find("jobs").SendAsync([new IncomingMessage(new byte[1024], "a")]);
        await RunTimeEntityTests.RefusedAsync(Refusal.MessageTooLarge, () => Broker.Find("jobs").SendAsync([new IncomingMessage(new byte[1025], "b")]));
    }

    [Fact]
    public async Task AnIdleQueue_IsDeleted_AndOneInUseIsNot()
    {
        foreach (string name in (string[])["idle", "used", "held", "scheduled"])
            await Broker.CreateAsync(name, EntityKind.Queue, new EntityOptions { AutoDeleteOnIdle = Idle });
        Broker.Find("held").Attach(ReceiveMode.PeekLock, null, _ => { });
        await Broker.Find("scheduled").SendAsync([TestBroker.Message("a") with { ScheduledFor = _broker.Clock.GetUtcNow().AddHours(1) }]);
        _broker.Clock.Advance(Idle / 2);
        await Broker.Find("used").SendAsync([TestBroker.Message("a")]);
        _broker.Clock.Advance(Idle / 2);
        Assert.Equal(["held", "scheduled", "used"], Broker.List(EntityKind.Queue).Select(queue => queue.Name));
        _broker.Clock.Advance(Idle / 2);
        Assert.Equal(["held", "scheduled"], Broker.List(EntityKind.Queue).Select(queue => queue.Name));
        await _broker.RestartAsync();
        Assert.Equal(["held", "scheduled"], Broker.List(EntityKind.Queue).Select(queue => queue.Name));
        _broker.Clock.Advance(Idle);
        Assert.Equal(["scheduled"], Broker.List(EntityKind.Queue).Select(queue => queue.Name));
    }

    [Fact]
    public async Task ATopicIsInUse_WhileItsSubscriptionsAre()
    {
        await Broker.CreateAsync("events", EntityKind.Topic, new EntityOptions { AutoDeleteOnIdle = Idle });
        await Broker.CreateAsync("events/Subscriptions/one", EntityKind.Subscription, new EntityOptions(), [new Rule("all", Filter.True)]);
        _broker.Clock.Advance(Idle / 2);
        await Broker.Find("events/Subscriptions/one").PeekAsync(0, 1);
        _broker.Clock.Advance(Idle * 3 / 4);
        Assert.NotNull(Broker.Describe("events/Subscriptions/one"));
        _broker.Clock.Advance(Idle / 2);
        Assert.Null(Broker.Describe("events/Subscriptions/one"));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
