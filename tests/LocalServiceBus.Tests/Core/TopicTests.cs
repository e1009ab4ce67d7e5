using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class TopicTests : IAsyncDisposable
{
    private readonly TestBroker _broker = new(new BrokerDefinition
    {
        Topics =
        [
            new TopicDefinition("events", new EntityOptions { DefaultTimeToLive = TimeSpan.FromMinutes(10) },
            [
                new("all", new EntityOptions { DeadLetterExpired = true }, [Filter.True]),
                new("some", new EntityOptions(), [SqlFilter.Parse("sys.Label = 'b'"), SqlFilter.Parse("sys.Label LIKE 'c%'")]),
                new("ordered", new EntityOptions { RequiresSession = true }, [SqlFilter.Parse("sys.Label LIKE 'b%'")]),
            ]),
        ],
    });

    private Entity Topic => _broker.Broker.Find("events");

    [Fact]
    public async Task AScheduledMessage_ReachesTheSubscriptionsWhenItIsDue_AcrossARestart()
    {
        await Topic.SendAsync([TestBroker.Message("b", "s") with { ScheduledFor = _broker.Clock.GetUtcNow().AddMinutes(1) }]);
        Assert.Equal(["b"], await _broker.IdsAsync("events"));
        await _broker.RestartAsync();
        Assert.Empty(await _broker.IdsAsync("events/Subscriptions/all"));

        _broker.Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(await _broker.IdsAsync("events"));
        foreach (string subscription in (string[])["all", "some", "ordered"])
            Assert.Equal(["b"], await _broker.IdsAsync($"events/subscriptions/{subscription}"));
    }

    [Fact]
    public async Task AMessageThatTwoFiltersTake_ComesOnce()
    {
        await Topic.SendAsync([TestBroker.Message("a"), TestBroker.Message("c")]);
        Assert.Equal(["a", "c"], await _broker.IdsAsync("events/Subscriptions/all"));
        Assert.Equal(["c"], await _broker.IdsAsync("events/Subscriptions/some"));
    }

    [Fact]
    public async Task AMessageWithoutASession_IsADeadLetterOfASubscriptionWithSessions()
    {
        await Topic.SendAsync([TestBroker.Message("b")]);
        Assert.Empty(await _broker.IdsAsync("events/Subscriptions/ordered"));
        Message dead = Assert.Single(await _broker.ReceiveAsync("events/Subscriptions/ordered/$DeadLetterQueue"));
        Assert.Equal("Session ID is null.", dead.ChangedProperties["DeadLetterReason"]);
    }

    [Fact]
    public async Task TheTopicsTimeToLive_HoldsInTheSubscriptions()
    {
        await Topic.SendAsync([TestBroker.Message("a")]);
        _broker.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(["a"], await _broker.IdsAsync("events/Subscriptions/all/$DeadLetterQueue"));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
