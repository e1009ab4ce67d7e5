using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class DeadLetterTests
{
    [Fact]
    public async Task ADeadLetter_CarriesWhyAndWhatChanged()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("bad");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.DeadLetterMessageAsync(
            await Bus.ReceiveAsync(receiver), new Dictionary<string, object> { ["extra"] = 5 }, "reason", "description");
        await Bus.AssertEmptyAsync(receiver);
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(bus.DeadLetters());
        Assert.Equal(("bad", "reason", "description", 5), (dead.Body.ToString(), dead.DeadLetterReason, dead.DeadLetterErrorDescription,
            dead.ApplicationProperties["extra"]));
        Assert.Equal((Bus.Queue, 1L), (dead.DeadLetterSource, dead.EnqueuedSequenceNumber));
    }

    [Fact]
    public async Task ADeadLetterWithoutAReason_IsOneToo()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("bad");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.DeadLetterMessageAsync(await Bus.ReceiveAsync(receiver));
        Assert.Equal("bad", (await Bus.ReceiveAsync(bus.DeadLetters())).Body.ToString());
    }

    [Fact]
    public async Task DeadLetters_AreCompletedAbandonedDeferredAndPeeked()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(3));
        await using ServiceBusReceiver receiver = bus.Receiver(), dead = bus.DeadLetters();
        foreach (ServiceBusReceivedMessage message in await Bus.ReceiveAsync(receiver, 3)) await receiver.DeadLetterMessageAsync(message,
            "r");
        Assert.Equal(Bus.Numbers(3), Bus.Bodies(await dead.PeekMessagesAsync(10, 0)));
        await dead.CompleteMessageAsync(await Bus.ReceiveAsync(dead));
        ServiceBusReceivedMessage second = await Bus.ReceiveAsync(dead);
        await dead.AbandonMessageAsync(second);
        Assert.Equal("1", (second = await Bus.ReceiveAsync(dead)).Body.ToString());
        await dead.DeferMessageAsync(second);
        Assert.Equal("1", (await dead.ReceiveDeferredMessageAsync(second.SequenceNumber)).Body.ToString());
    }

    [Fact]
    public async Task ADeadLetter_IsNotDeadLetteredAgain()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("bad");
        await using ServiceBusReceiver receiver = bus.Receiver(), dead = bus.DeadLetters();
        await receiver.DeadLetterMessageAsync(await Bus.ReceiveAsync(receiver));
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(dead);
        await Assert.ThrowsAsync<InvalidOperationException>(() => dead.DeadLetterMessageAsync(message));
        await dead.CompleteMessageAsync(message);
    }

    [Fact]
    public async Task ExpiredMessages_AreDeadLetters_WhereTheQueueSaysSo()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { DeadLetterExpired = true }, withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage("old") { TimeToLive = TimeSpan.FromMinutes(1) });
        bus.Clock.Advance(TimeSpan.FromMinutes(2));
        await Bus.AssertEmptyAsync(bus.Receiver());
        Assert.Equal("TTLExpiredException", (await Bus.ReceiveAsync(bus.DeadLetters())).DeadLetterReason);
    }

    [Fact]
    public async Task ASubscription_HasDeadLettersOfItsOwn()
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("second", new EntityOptions(), [Filter.True])]);
        await bus.SendToAsync(Bus.Topic, "x");
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, Bus.All);
        await receiver.DeadLetterMessageAsync(await Bus.ReceiveAsync(receiver), "r", "d");
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(Dead(Bus.All));
        Assert.Equal(("x", "r", $"{Bus.Topic}/Subscriptions/{Bus.All}"),
            (dead.Body.ToString(), dead.DeadLetterReason, dead.DeadLetterSource));
        await Bus.AssertEmptyAsync(Dead("second"));

        ServiceBusReceiver Dead(string subscription) =>
            bus.Client.CreateReceiver(Bus.Topic, subscription, new ServiceBusReceiverOptions { SubQueue = SubQueue.DeadLetter });
    }

    [Fact]
    public async Task ADeadLetter_IsSentBackToItsQueue()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("once more");
        await using ServiceBusReceiver receiver = bus.Receiver(), dead = bus.DeadLetters();
        await receiver.DeadLetterMessageAsync(await Bus.ReceiveAsync(receiver), "r");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(dead);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage(message));
        await dead.CompleteMessageAsync(message);
        ServiceBusReceivedMessage again = await Bus.ReceiveAsync(receiver);
        Assert.Equal(("once more", 1), (again.Body.ToString(), again.DeliveryCount));
    }

    [Fact]
    public async Task WhatCannotBeForwarded_IsATransferDeadLetter()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { ForwardTo = Bus.Other });
        await bus.SendAsync("arrives");
        Assert.Equal("arrives", (await Bus.ReceiveAsync(bus.Receiver(Bus.Other))).Body.ToString());
        await bus.Server.Broker.UpdateAsync(Bus.Other, EntityKind.Queue, new EntityOptions { Status = EntityStatus.SendDisabled });
        await bus.SendAsync("does not");
        await using ServiceBusReceiver transfer = bus.Receiver(Bus.Queue,
            new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter });
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(transfer);
        Assert.Equal(("does not", "MessagingEntityDisabled", Bus.Queue),
            (dead.Body.ToString(), dead.DeadLetterReason, dead.DeadLetterSource));
        await transfer.CompleteMessageAsync(dead);
        Assert.Null(await transfer.PeekMessageAsync());
    }

    [Fact]
    public async Task TransferDeadLetters_AreThere_AlsoWhereNothingIsForwarded()
    {
        await using Bus bus = await Bus.StartAsync();
        var options = new ServiceBusReceiverOptions { SubQueue = SubQueue.TransferDeadLetter };
        await Bus.AssertEmptyAsync(bus.Receiver(Bus.Queue, options));
        await Bus.AssertEmptyAsync(bus.Client.CreateReceiver(Bus.Topic, Bus.All, options));
    }
}
