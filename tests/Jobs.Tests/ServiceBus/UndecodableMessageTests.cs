using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

/// <summary>A message that the SDK cannot decode is nobody's misfortune but its own.</summary>
public sealed class UndecodableMessageTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Receive_ReturnsItsNeighbours_AndItDiesAlone()
    {
        var time = new FakeTimeProvider();
        await using Bus bus = await Bus.StartAsync(time);
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("first"), Bus.Message("second")], Stop);
        await bus.AddUndecodableAsync();
        await client.SendAsync(Bus.Queue, [Bus.Message("third"), Bus.Message("last")], Stop);

        for (int delivery = 1; delivery <= 10; delivery++)
        {
            IReadOnlyList<ServiceBusReceivedMessage> others = await client.ReceiveAsync(Bus.Queue, 10, Wait, Stop);
            Assert.Equal(["first", "second", "third", "last"], others.Select(message => message.MessageId));
            Assert.All(others, message => Assert.Equal(delivery, message.DeliveryCount));
            if (delivery < 10)
                foreach (ServiceBusReceivedMessage other in others) await client.AbandonAsync(Bus.Queue, other, Stop);
            else
                foreach (ServiceBusReceivedMessage other in others) await client.CompleteAsync(Bus.Queue, other, Stop);
            time.Advance(TimeSpan.FromMinutes(2)); // its lock runs out
        }

        Assert.Empty(await bus.Inside.PeekAsync(0, 10));
        Assert.Equal("broken", Assert.Single(await bus.Server.Broker.Find(Bus.DeadLetters).PeekAsync(0, 10)).MessageId);
    }

    [Fact]
    public async Task Receive_OfItAlone_SaysSo_AndTheNextOneFindsTheNextMessage()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        await bus.AddUndecodableAsync();
        await client.SendAsync(Bus.Queue, [Bus.Message("next")], Stop);

        MessageBusException failure = await Assert.ThrowsAsync<MessageBusException>(() => client.ReceiveAsync(Bus.Queue, 1, Wait, Stop));
        Assert.True(failure.IsTransient);
        Assert.Equal("next", Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)).MessageId);
    }

    [Fact]
    public async Task Peek_LooksPastThem_AndSaysTheirNumbers()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        for (int number = 1; number <= 40; number++)
        {
            if (number is 1 or 17 or 18 or 40) await bus.AddUndecodableAsync($"{number}");
            else await client.SendAsync(Bus.Queue, [Bus.Message($"{number}")], Stop);
        }

        PeekedMessages all = await client.PeekAsync(Bus.Queue, 0, 100, Stop);
        PeekedMessages some = await client.PeekAsync(Bus.Queue, 15, 3, Stop);

        Assert.Equal([1, 18, 40], all.Undecodable); // of two in a row the last
        Assert.Equal(Enumerable.Range(1, 40).Except([1, 17, 18, 40]).Select(number => $"{number}"), all.Messages.Select(message => message.MessageId));
        Assert.Equal(["15", "16"], some.Messages.Select(message => message.MessageId));
        Assert.Equal([18], some.Undecodable);
        Assert.Equal(19, some.NextSequenceNumber);
        await client.CheckAsync(Bus.Queue, Stop);
    }

    [Fact]
    public async Task Peek_FindsItsNumber_WhereOthersAreMissing()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, Bus.Messages(100), Stop);
        await bus.AddUndecodableAsync();
        await client.SendAsync(Bus.Queue, [Bus.Message("after")], Stop);
        foreach (ServiceBusReceivedMessage message in await client.ReceiveAsync(Bus.Queue, 100, Wait, Stop)) await client.CompleteAsync(Bus.Queue, message, Stop);

        PeekedMessages left = await client.PeekAsync(Bus.Queue, 0, 10, Stop);

        Assert.Equal([101], left.Undecodable);
        Assert.Equal("after", Assert.Single(left.Messages).MessageId);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
