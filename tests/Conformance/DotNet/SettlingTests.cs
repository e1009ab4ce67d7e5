using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class SettlingTests
{
    private static readonly TimeSpan PastTheLock = TimeSpan.FromSeconds(61);

    [Fact]
    public async Task AnAbandonedMessage_ComesBack_CountedAndChanged()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("again");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.AbandonMessageAsync(await Bus.ReceiveAsync(receiver), new Dictionary<string, object> { ["attempt"] = "one" });
        ServiceBusReceivedMessage second = await Bus.ReceiveAsync(receiver);
        Assert.Equal((2, "one", 1L), (second.DeliveryCount, second.ApplicationProperties["attempt"], second.SequenceNumber));
    }

    [Fact]
    public async Task AnAbandonedMessage_KeepsItsPlaceInTheQueue()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("first", "second");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.AbandonMessageAsync(await Bus.ReceiveAsync(receiver));
        Assert.Equal(["first", "second"], Bus.Bodies(await Bus.ReceiveAsync(receiver, 2)));
    }

    [Fact]
    public async Task ARenewedLock_Holds()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await bus.SendAsync("long");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        for (int round = 0; round < 4; round++)
        {
            DateTimeOffset before = message.LockedUntil;
            bus.Clock.Advance(TimeSpan.FromSeconds(40));
            await receiver.RenewMessageLockAsync(message);
            Assert.InRange(message.LockedUntil - before, TimeSpan.FromSeconds(39), TimeSpan.FromSeconds(41));
        }
        await receiver.CompleteMessageAsync(message);
        Assert.Null(await receiver.PeekMessageAsync(0));
    }

    [Fact]
    public async Task ALockThatRanOut_IsLostToEverySettlement_AndTheMessageIsDeliveredAgain()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await bus.SendAsync("slow");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        bus.Clock.Advance(PastTheLock);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.RenewMessageLockAsync(message));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.CompleteMessageAsync(message));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.AbandonMessageAsync(message));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.DeadLetterMessageAsync(message));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.DeferMessageAsync(message));
        ServiceBusReceivedMessage again = await Bus.ReceiveAsync(receiver);
        Assert.Equal(("slow", 2), (again.Body.ToString(), again.DeliveryCount));
        Assert.NotEqual(message.LockToken, again.LockToken);
    }

    [Fact]
    public async Task AMessage_CannotBeSettledTwice()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("once");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        await receiver.CompleteMessageAsync(message);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.CompleteMessageAsync(message));
    }

    [Fact]
    public async Task AMessage_CanBeSettledByAnotherReceiver()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("passed on");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString);
        await using ServiceBusReceiver other = client.CreateReceiver(Bus.Queue);
        await other.CompleteMessageAsync(message);
        Assert.Null(await other.PeekMessageAsync());
    }

    [Fact]
    public async Task AfterItsReceiverIsClosed_AMessageStaysLocked_UntilTheLockRunsOut()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await bus.SendAsync("orphan");
        await using (ServiceBusReceiver receiver = bus.Receiver()) await Bus.ReceiveAsync(receiver);
        await using ServiceBusReceiver other = bus.Receiver();
        await Bus.AssertEmptyAsync(other);
        bus.Clock.Advance(PastTheLock);
        Assert.Equal(2, (await Bus.ReceiveAsync(other)).DeliveryCount);
    }

    [Fact]
    public async Task ManySettlementsAtOnce_AreAllConfirmed()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(500));
        await using ServiceBusReceiver receiver = bus.Receiver();
        List<ServiceBusReceivedMessage> messages = await Bus.ReceiveAsync(receiver, 500);
        await Task.WhenAll(messages.Select(message => receiver.CompleteMessageAsync(message)));
        Assert.Empty(await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 10));
    }

    [Theory]
    [InlineData("text", "changed")]
    [InlineData("number", 5)]
    [InlineData("truth", true)]
    public async Task PropertiesAreChanged_ByAbandoning_WhateverTheirType(string name, object value)
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage("x") { ApplicationProperties = { [name] = "old", ["kept"] = 1L } });
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.AbandonMessageAsync(await Bus.ReceiveAsync(receiver), new Dictionary<string, object> { [name] = value });
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        Assert.Equal((value, 1L, "x"), (message.ApplicationProperties[name], message.ApplicationProperties["kept"],
            message.Body.ToString()));
    }

    [Fact]
    public async Task AfterTheMostDeliveries_AMessageIsADeadLetter()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { MaxDeliveryCount = 3 });
        await bus.SendAsync("poison");
        await using ServiceBusReceiver receiver = bus.Receiver();
        for (int delivery = 1; delivery <= 3; delivery++)
        {
            ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
            Assert.Equal(delivery, message.DeliveryCount);
            await receiver.AbandonMessageAsync(message);
        }
        await Bus.AssertEmptyAsync(receiver);
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(bus.DeadLetters());
        Assert.Equal(("poison", "MaxDeliveryCountExceeded", Bus.Queue),
            (dead.Body.ToString(), dead.DeadLetterReason, dead.DeadLetterSource));
    }
}
