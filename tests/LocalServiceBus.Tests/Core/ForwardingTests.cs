using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class ForwardingTests : IAsyncDisposable
{
    private readonly TestBroker _broker = new(new BrokerDefinition
    {
        Queues =
        [
            .. Enumerable.Range(1, 6).Select(place =>
                new QueueDefinition($"q{place}", new EntityOptions { ForwardTo = place < 6 ? $"q{place + 1}" : null })),
            new QueueDefinition("dead", new EntityOptions { MaxDeliveryCount = 1, ForwardDeadLettersTo = "target" }),
            new QueueDefinition("target", new EntityOptions { MaxSizeMegabytes = 1 }),
            new QueueDefinition("unique", new EntityOptions { DuplicateWindow = TimeSpan.FromMinutes(1) }),
        ],
        Topics =
        [
            new TopicDefinition("events", new EntityOptions(),
                [new("on", new EntityOptions { ForwardTo = "target" }, [SqlFilter.Parse("sys.Label LIKE 'b%'")])]),
        ],
    });

    private MessageBroker Broker => _broker.Broker;

    [Fact]
    public async Task AChain_IsFollowedFourTimes_AndLeavesTheRestAsTransferDeadLetters()
    {
        await Broker.Find("q1").SendAsync([TestBroker.Message("a")]);
        await Broker.Find("q2").SendAsync([TestBroker.Message("b")]);

        Assert.Equal(["b"], await _broker.IdsAsync("q6"));
        Message stuck = Assert.Single(await _broker.ReceiveAsync("q5/$Transfer/$DeadLetterQueue"));
        Assert.Equal(("a", "q5"), (stuck.MessageId, stuck.DeadLetterSource));
        Assert.Equal("MaxTransferHopCountExceeded", stuck.ChangedProperties["DeadLetterReason"]);
        Assert.Equal(1, Broker.Describe("q5")?.Counts.TransferDeadLetters);
        Assert.Equal(0, Broker.Describe("q1")?.Counts.Total);
    }

    [Fact]
    public async Task ASubscription_ForwardsWhatItTakes_AndKeepsTheFirstNumber()
    {
        await Broker.Find("target").SendAsync([TestBroker.Message("x")]);
        await Broker.Find("events").SendAsync([TestBroker.Message("a"), TestBroker.Message("b1")]);
        Message[] found = [.. await Broker.Find("target").PeekAsync(0, 10)];
        Assert.Equal(["x", "b1"], found.Select(message => message.MessageId));
        Assert.Equal((2, 1), (found[1].SequenceNumber, found[1].EnqueuedSequenceNumber));
        Assert.Empty(await _broker.IdsAsync("events/Subscriptions/on"));
    }

    [Fact]
    public async Task DeadLetters_AreForwarded_WithTheirReason()
    {
        await Broker.Find("dead").SendAsync([TestBroker.Message("a")]);
        Message held = Assert.Single(await _broker.ReceiveAsync("dead"));
        await Broker.Find("dead").AbandonAsync(held.Lock!.Token);
        Message found = Assert.Single(await _broker.ReceiveAsync("target"));
        Assert.Equal(("a", 0, "MaxDeliveryCountExceeded"), (found.MessageId, found.DeliveryCount, found.ChangedProperties["DeadLetterReason"]));
        Assert.Empty(await _broker.IdsAsync("dead/$DeadLetterQueue"));
    }

    [Theory]
    [InlineData("full", "QuotaExceeded")]
    [InlineData("disabled", "MessagingEntityDisabled")]
    [InlineData("gone", "MessagingEntityNotFound")]
    public async Task WhatTheTargetDoesNotTake_IsATransferDeadLetter(string why, string reason)
    {
        if (why == "full") await Broker.Find("target").SendAsync([new IncomingMessage(new byte[1024 * 1024], "big")]);
        if (why == "disabled") await Broker.UpdateAsync("target", EntityKind.Queue, new EntityOptions { Status = EntityStatus.SendDisabled });
        if (why == "gone") await Broker.DeleteAsync("target");
        await Broker.Find("events").SendAsync([TestBroker.Message("b")]);
        Message stuck = Assert.Single(await _broker.ReceiveAsync("events/Subscriptions/on/$Transfer/$DeadLetterQueue"));
        Assert.Equal(reason, stuck.ChangedProperties["DeadLetterReason"]);
    }

    [Fact]
    public async Task ForwardingSetLater_TakesWhatIsThere_AndDuplicatesAreDropped()
    {
        await Broker.Find("unique").SendAsync([TestBroker.Message("a")]);
        await Broker.Find("dead").SendAsync([TestBroker.Message("a"), TestBroker.Message("b")]);
        await Broker.UpdateAsync("dead", EntityKind.Queue, new EntityOptions { ForwardTo = "unique" });
        Assert.Equal(["a", "b"], await _broker.IdsAsync("unique"));
        Assert.Empty(await _broker.IdsAsync("dead"));
        BrokerException refused = Assert.Throws<BrokerException>(() => Broker.Find("dead").Attach(ReceiveMode.PeekLock, null, _ => { }));
        Assert.Equal(Refusal.NotAllowed, refused.Reason);
    }

    [Fact]
    public async Task ARingOfDeadLetters_EndsAcrossRestarts()
    {
        var options = new EntityOptions { DefaultTimeToLive = TimeSpan.FromMinutes(1), DeadLetterExpired = true };
        await Broker.CreateAsync("one", EntityKind.Queue, options);
        await Broker.CreateAsync("two", EntityKind.Queue, options with { ForwardDeadLettersTo = "one" });
        await Broker.UpdateAsync("one", EntityKind.Queue, options with { ForwardDeadLettersTo = "two" });
        await Broker.Find("one").SendAsync([TestBroker.Message("a")]);
        for (int i = 0; i < 6; i++)
        {
            await _broker.RestartAsync();
            _broker.Clock.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Equal(["a"], await _broker.IdsAsync("one/$Transfer/$DeadLetterQueue"));
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
