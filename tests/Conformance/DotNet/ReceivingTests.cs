using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class ReceivingTests
{
    private static readonly ServiceBusReceiverOptions Deleting = new() { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete };

    [Fact]
    public async Task UnderALock_AMessageStaysUntilItIsCompleted()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("a");
        await using ServiceBusReceiver receiver = bus.Receiver(), other = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        await Bus.AssertEmptyAsync(other);
        Assert.NotNull(await other.PeekMessageAsync());
        await receiver.CompleteMessageAsync(message);
        Assert.Null(await other.PeekMessageAsync(0));
    }

    [Fact]
    public async Task ReceiveAndDelete_TakesMessagesForGood()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(30));
        await using ServiceBusReceiver receiver = bus.Receiver(Bus.Queue, Deleting);
        Assert.Equal(Bus.Numbers(30), Bus.Bodies(await Bus.ReceiveAsync(receiver, 30)));
        Assert.Null(await receiver.PeekMessageAsync());
    }

    [Fact]
    public async Task AFullReceive_ReturnsAtOnce()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(10));
        Assert.Equal(Bus.Numbers(10), Bus.Bodies(await bus.Receiver().ReceiveMessagesAsync(10, Bus.Patience)));
    }

    [Fact]
    public async Task FewerMessagesThanAskedFor_AreReceivedToo_AgainAndAgain()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        for (int round = 0; round < 3; round++)
        {
            await bus.SendAsync("a", "b", "c");
            List<ServiceBusReceivedMessage> messages = [];
            while (messages.Count < 3) messages.AddRange(await receiver.ReceiveMessagesAsync(10, Bus.Patience));
            // The credit that a receive leaves open takes messages before the next one waits; the client gives them back, and they come
            // later.
            Assert.Equal(["a", "b", "c"], Bus.Bodies(messages).Order());
            Assert.All(messages, message => Assert.Equal(1, message.DeliveryCount));
            foreach (ServiceBusReceivedMessage message in messages) await receiver.CompleteMessageAsync(message);
        }
    }

    [Fact]
    public async Task AnEmptyQueue_GivesNothingAfterTheWait_AndTheReceiverGoesOn()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        for (int round = 0; round < 3; round++) Assert.Empty(await receiver.ReceiveMessagesAsync(5, TimeSpan.FromMilliseconds(100)));
        await bus.SendAsync("now");
        Assert.Equal("now", (await Bus.ReceiveAsync(receiver)).Body.ToString());
    }

    [Fact]
    public async Task AReceiveThatWaits_EndsWhenAMessageComes()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        Task<ServiceBusReceivedMessage> receiving = Bus.ReceiveAsync(receiver);
        await Bus.AssertEmptyAsync(bus.Receiver(Bus.Other));   // so that it waits already
        await bus.SendAsync("late");
        Assert.Equal("late", (await receiving).Body.ToString());
    }

    [Fact]
    public async Task ACancelledReceive_LeavesTheReceiverUsable()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiver.ReceiveMessageAsync(Bus.Patience, soon.Token));
        await bus.SendAsync("after");
        Assert.Equal("after", (await Bus.ReceiveAsync(receiver)).Body.ToString());
    }

    [Fact]
    public async Task Messages_AreReceivedAsAStream()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(5));
        await using ServiceBusReceiver receiver = bus.Receiver();
        List<string> bodies = [];
        await foreach (ServiceBusReceivedMessage message in receiver.ReceiveMessagesAsync())
        {
            bodies.Add(message.Body.ToString());
            await receiver.CompleteMessageAsync(message);
            if (bodies.Count == 5) break;
        }
        Assert.Equal(Bus.Numbers(5), bodies);
    }

    [Fact]
    public async Task PrefetchedMessages_AreLockedAhead_AsManyAsTheCount()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(50));
        await using ServiceBusReceiver receiver = bus.Receiver(Bus.Queue, new ServiceBusReceiverOptions { PrefetchCount = 20 });
        await Bus.ReceiveAsync(receiver);
        Entity queue = bus.Server.Broker.Find(Bus.Queue);
        await Eventually.TrueAsync(async () => (await queue.PeekAsync(0, 100)).Count(message => message.Lock is not null) >= 20,
            "20 messages are locked");
        await Bus.AssertEmptyAsync(bus.Receiver(Bus.Other));
        Assert.InRange((await queue.PeekAsync(0, 100)).Count(message => message.Lock is not null), 20, 21);
    }

    [Fact]
    public async Task PrefetchWithoutSettling_GivesAllMessagesOfThePrefetch()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(20));
        await using ServiceBusReceiver receiver = bus.Receiver(Bus.Queue, new ServiceBusReceiverOptions { PrefetchCount = 20 });
        Assert.Equal(Bus.Numbers(20), Bus.Bodies(await Bus.ReceiveAsync(receiver, 20)));
    }

    [Fact]
    public async Task PrefetchWithSettling_GoesOnPastTheCount()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(100));
        await using ServiceBusReceiver receiver = bus.Receiver(Bus.Queue, new ServiceBusReceiverOptions { PrefetchCount = 10 });
        for (int number = 0; number < 100; number++)
        {
            ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
            Assert.Equal($"{number}", message.Body.ToString());
            await receiver.CompleteMessageAsync(message);
        }
        Assert.Null(await receiver.PeekMessageAsync());
    }

    [Fact]
    public async Task WhatAClosedReceiverPrefetched_ComesBackWithoutCounting()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(10));
        await using (ServiceBusReceiver receiver = bus.Receiver(Bus.Queue, new ServiceBusReceiverOptions { PrefetchCount = 10 }))
            await receiver.CompleteMessageAsync(await Bus.ReceiveAsync(receiver));
        List<ServiceBusReceivedMessage> rest = await Bus.ReceiveAsync(bus.Receiver(), 9);
        Assert.Equal(Bus.Numbers(10).Skip(1), Bus.Bodies(rest));
        Assert.All(rest, message => Assert.Equal(1, message.DeliveryCount));
    }

    [Fact]
    public async Task TwoThousandMessages_ToTwoCompetingClients_AreDeliveredOnceEach()
    {
        const int Count = 2000;
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(Count));
        List<string>[] received = await Task.WhenAll(ConsumeAsync(), ConsumeAsync());
        Assert.Equal(Bus.Numbers(Count).Order(), received.SelectMany(bodies => bodies).Order());
        Assert.Empty(await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 10));

        async Task<List<string>> ConsumeAsync()
        {
            await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString);
            await using ServiceBusReceiver receiver = client.CreateReceiver(Bus.Queue,
                new ServiceBusReceiverOptions { PrefetchCount = 50 });
            List<string> bodies = [];
            while (await receiver.ReceiveMessagesAsync(50, TimeSpan.FromSeconds(1)) is { Count: > 0 } messages)
            {
                bodies.AddRange(Bus.Bodies(messages));
                await Task.WhenAll(messages.Select(message => receiver.CompleteMessageAsync(message)));
            }
            return bodies;
        }
    }
}
