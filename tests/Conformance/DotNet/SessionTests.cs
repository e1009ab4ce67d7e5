using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class SessionTests
{
    private static readonly TimeSpan PastTheLock = TimeSpan.FromSeconds(61);
    private static readonly EntityOptions Sessions = new() { RequiresSession = true };

    [Fact]
    public async Task ASession_GivesItsOwnMessages_InOrder()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, ("odd", "1"), ("even", "2"), ("odd", "3"), ("even", "4"), ("odd", "5"));
        await using ServiceBusSessionReceiver odd = await bus.Client.AcceptSessionAsync(Bus.Queue, "odd");
        Assert.Equal("odd", odd.SessionId);
        List<ServiceBusReceivedMessage> messages = await Bus.ReceiveAsync(odd, 3);
        Assert.Equal(["1", "3", "5"], Bus.Bodies(messages));
        Assert.All(messages, message => Assert.Equal("odd", message.SessionId));
        foreach (ServiceBusReceivedMessage message in messages) await odd.CompleteMessageAsync(message);
        await Bus.AssertEmptyAsync(odd);
    }

    [Fact]
    public async Task TheNextSession_IsOneWithMessagesThatNobodyHolds()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, ("a", "1"), ("b", "2"));
        await using ServiceBusSessionReceiver first = await bus.Client.AcceptNextSessionAsync(Bus.Queue),
            second = await bus.Client.AcceptNextSessionAsync(Bus.Queue);
        Assert.Equal(("a", "b"), (first.SessionId, second.SessionId));
        Task<ServiceBusSessionReceiver> third = bus.Client.AcceptNextSessionAsync(Bus.Queue);
        await SendAsync(bus, ("c", "3"));
        Assert.Equal("c", (await third).SessionId);
    }

    [Fact]
    public async Task WithoutAFreeSession_AcceptingTheNextEndsWithATimeout()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await using ServiceBusClient hasty = Bus.Connect(bus.Server.ConnectionString,
            options => options.RetryOptions.TryTimeout = TimeSpan.FromSeconds(1));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.ServiceTimeout, () => hasty.AcceptNextSessionAsync(Bus.Queue));
    }

    [Fact]
    public async Task AHeldSession_IsRefusedToOthers_UntilItIsClosed()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await using (ServiceBusSessionReceiver held = await bus.Client.AcceptSessionAsync(Bus.Queue, "mine"))
            await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionCannotBeLocked, () =>
                bus.Client.AcceptSessionAsync(Bus.Queue, "mine"));
        await using ServiceBusSessionReceiver again = await bus.Client.AcceptSessionAsync(Bus.Queue, "mine");
        Assert.Equal("mine", again.SessionId);
    }

    [Fact]
    public async Task ASession_KeepsItsState()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await using (ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "s"))
        {
            Assert.Null(await session.GetSessionStateAsync());
            await session.SetSessionStateAsync(BinaryData.FromString("step 3"));
            Assert.Equal("step 3", (await session.GetSessionStateAsync()).ToString());
        }
        await using ServiceBusSessionReceiver again = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        Assert.Equal("step 3", (await again.GetSessionStateAsync()).ToString());
        await again.SetSessionStateAsync(null);
        Assert.Null(await again.GetSessionStateAsync());
    }

    [Fact]
    public async Task ARenewedSession_Holds()
    {
        await using Bus bus = await Bus.StartAsync(Sessions, withClock: true);
        await SendAsync(bus, ("s", "x"));
        await using ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(session);
        for (int round = 0; round < 3; round++)
        {
            DateTimeOffset before = session.SessionLockedUntil;
            bus.Clock.Advance(TimeSpan.FromSeconds(40));
            await session.RenewSessionLockAsync();
            Assert.InRange(session.SessionLockedUntil - before, TimeSpan.FromSeconds(39), TimeSpan.FromSeconds(41));
        }
        await session.CompleteMessageAsync(message);
    }

    [Fact]
    public async Task ASessionThatRanOut_IsSaid_ToEveryCall()
    {
        await using Bus bus = await Bus.StartAsync(Sessions, withClock: true);
        await SendAsync(bus, ("s", "x"));
        await using ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(session);
        bus.Clock.Advance(PastTheLock);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionLockLost, () => session.CompleteMessageAsync(message));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionLockLost, () => session.RenewSessionLockAsync());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionLockLost, () => session.GetSessionStateAsync());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionLockLost, () => session.SetSessionStateAsync(BinaryData.FromString("x")));
    }

    [Fact]
    public async Task WhoLostASession_CannotDisturbItsNewHolder()
    {
        await using Bus bus = await Bus.StartAsync(Sessions, withClock: true);
        await SendAsync(bus, ("s", "x"));
        await using ServiceBusSessionReceiver old = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(old);
        bus.Clock.Advance(PastTheLock);
        await using ServiceBusSessionReceiver holder = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        ServiceBusReceivedMessage again = await Bus.ReceiveAsync(holder);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionLockLost, () => old.RenewSessionLockAsync());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.SessionLockLost, () => old.CompleteMessageAsync(message));
        Assert.Equal(2, again.DeliveryCount);
        await holder.CompleteMessageAsync(again);
    }

    [Fact]
    public async Task AReceiveThatWaitsInALostSession_Ends()
    {
        await using Bus bus = await Bus.StartAsync(Sessions, withClock: true);
        // The client drains the link that was closed, which takes it as long as a try.
        await using ServiceBusClient hasty = Bus.Connect(bus.Server.ConnectionString,
            options => options.RetryOptions.TryTimeout = TimeSpan.FromSeconds(2));
        await using ServiceBusSessionReceiver session = await hasty.AcceptSessionAsync(Bus.Queue, "s");
        Task<ServiceBusReceivedMessage> receiving = session.ReceiveMessageAsync(TimeSpan.FromMinutes(10));
        await Bus.AssertEmptyAsync(bus.Receiver(Bus.Other));   // so that it waits already
        bus.Clock.Advance(PastTheLock);
        Assert.Null(await receiving.WaitAsync(Bus.Patience, TimeProvider.System));
        Assert.True(session.IsClosed);
    }

    [Fact]
    public async Task AClosedSession_GivesItsMessagesBack_WithoutCounting()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, ("s", "x"));
        await using (ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue,
            "s")) await Bus.ReceiveAsync(session);
        await using ServiceBusSessionReceiver again = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        Assert.Equal(1, (await Bus.ReceiveAsync(again)).DeliveryCount);
    }

    [Fact]
    public async Task MessagesOfASession_ArePeekedDeferredAndScheduled()
    {
        await using Bus bus = await Bus.StartAsync(Sessions, withClock: true);
        await SendAsync(bus, ("a", "1"), ("b", "2"));
        await using ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "b");
        Assert.Equal(["2"], Bus.Bodies(await session.PeekMessagesAsync(5)));
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(session);
        await session.DeferMessageAsync(message);
        ServiceBusReceivedMessage deferred = await session.ReceiveDeferredMessageAsync(message.SequenceNumber);
        Assert.Equal("2", deferred.Body.ToString());
        await session.CompleteMessageAsync(deferred);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.ScheduleMessageAsync(new ServiceBusMessage("3") { SessionId = "b" }, bus.Clock.GetUtcNow().AddSeconds(20));
        bus.Clock.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("3", (await Bus.ReceiveAsync(session)).Body.ToString());
    }

    [Fact]
    public async Task MessagesOfASession_AreAbandonedAndDeadLettered()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, ("s", "1"), ("s", "2"));
        await using ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        await session.AbandonMessageAsync(await Bus.ReceiveAsync(session));
        ServiceBusReceivedMessage again = await Bus.ReceiveAsync(session);
        Assert.Equal(("1", 2), (again.Body.ToString(), again.DeliveryCount));
        await session.DeadLetterMessageAsync(again, "r");
        Assert.Equal("2", (await Bus.ReceiveAsync(session)).Body.ToString());
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(bus.DeadLetters());
        Assert.Equal(("1", "s", "r"), (dead.Body.ToString(), dead.SessionId, dead.DeadLetterReason));
    }

    [Fact]
    public async Task AnEntityWithSessions_RefusesMessagesAndReceiversWithoutOne()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bus.SendAsync("x"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bus.Receiver().ReceiveMessageAsync(TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task AnEntityWithoutSessions_RefusesToAcceptOne()
    {
        await using Bus bus = await Bus.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => bus.Client.AcceptSessionAsync(Bus.Queue, "s"));
    }

    [Fact]
    public async Task Sessions_AreListed()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, ("b", "1"), ("a", "2"), ("a", "3"));
        await using (ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "c"))
            await session.SetSessionStateAsync(BinaryData.FromString("state"));
        List<string> sessions = [];
        await foreach (string session in bus.Client.GetMessageSessionsAsync(Bus.Queue)) sessions.Add(session);
        Assert.Equal(["a", "b", "c"], sessions);
    }

    [Fact]
    public async Task SessionsOfASubscription_WorkAlike()
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("sessions", Sessions, [LocalServiceBus.Core.Filters.Filter.True])]);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Topic);
        await sender.SendMessagesAsync([new ServiceBusMessage("1") { SessionId = "a" }, new ServiceBusMessage("2") { SessionId = "b" }]);
        await using ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Topic, "sessions", "b");
        Assert.Equal("2", (await Bus.ReceiveAsync(session)).Body.ToString());
    }

    private static async Task SendAsync(Bus bus, params (string Session, string Body)[] messages)
    {
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessagesAsync(messages.Select(message => new ServiceBusMessage(message.Body) { SessionId = message.Session }));
    }
}
