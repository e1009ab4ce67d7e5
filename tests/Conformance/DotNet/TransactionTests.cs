using System.Transactions;
using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class TransactionTests
{
    [Fact]
    public async Task SendsAndCompletions_HappenTogether_WhenTheScopeIsCompleted()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("in");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using (TransactionScope scope = Scope())
        {
            await sender.SendMessageAsync(new ServiceBusMessage("out"));
            await receiver.CompleteMessageAsync(message);
            Assert.Equal(["in"], await BodiesAsync(bus));
            scope.Complete();
        }
        await Eventually.TrueAsync(async () => (await BodiesAsync(bus)) is ["out"], "the completion and the send have happened");
    }

    [Fact]
    public async Task WithoutCompletion_NothingHappens_AndTheMessageCanStillBeSettled()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("in");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using (Scope())
        {
            await sender.SendMessageAsync(new ServiceBusMessage("out"));
            await receiver.CompleteMessageAsync(message);
        }
        Assert.Equal(["in"], await BodiesAsync(bus));
        await receiver.CompleteMessageAsync(message);
        Assert.Empty(await BodiesAsync(bus));
    }

    [Fact]
    public async Task ABatch_IsSentInATransaction()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        using (TransactionScope scope = Scope())
        {
            await sender.SendMessagesAsync(Bus.Numbers(100).Select(body => new ServiceBusMessage(body)));
            await sender.SendMessageAsync(new ServiceBusMessage("last"));
            scope.Complete();
        }
        Assert.Equal(Bus.Numbers(100).Append("last"), Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(), 101)));
    }

    [Theory]
    [InlineData("abandon")]
    [InlineData("defer")]
    [InlineData("dead-letter")]
    public async Task EverySettlement_IsAPartOfIt(string settlement)
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("x");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using (Scope()) await SettleAsync();
        Assert.NotNull((await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 1))[0].Lock);
        using (TransactionScope scope = Scope())
        {
            await SettleAsync();
            scope.Complete();
        }
        await (settlement switch
        {
            "abandon" => Eventually.TrueAsync(async () => (await Bus.ReceiveAsync(receiver)).DeliveryCount == 2, "it came back"),
            "defer" => Eventually.TrueAsync(async () => (await receiver.PeekMessageAsync(0)).State == ServiceBusMessageState.Deferred,
                "it is deferred"),
            _ => Eventually.TrueAsync(async () => (await Bus.ReceiveAsync(bus.DeadLetters())).DeadLetterReason == "r",
                "it is a dead letter"),
        });

        Task SettleAsync() => settlement switch
        {
            "abandon" => receiver.AbandonMessageAsync(message),
            "defer" => receiver.DeferMessageAsync(message),
            _ => receiver.DeadLetterMessageAsync(message, "r"),
        };
    }

    [Fact]
    public async Task Scheduling_IsAPartOfIt_AndTellsTheNumbers()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        DateTimeOffset due = TimeProvider.System.GetUtcNow().AddHours(1);
        using (Scope()) await sender.ScheduleMessageAsync(new ServiceBusMessage("never"), due);
        long number;
        using (TransactionScope scope = Scope())
        {
            number = await sender.ScheduleMessageAsync(new ServiceBusMessage("later"), due);
            scope.Complete();
        }
        await Eventually.TrueAsync(async () => (await BodiesAsync(bus)) is ["later"], "it is scheduled");
        await sender.CancelScheduledMessageAsync(number);
        Assert.Empty(await BodiesAsync(bus));
    }

    [Fact]
    public async Task ADeferredMessage_IsCompletedInATransaction()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("x");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        await receiver.DeferMessageAsync(message);
        ServiceBusReceivedMessage deferred = await receiver.ReceiveDeferredMessageAsync(message.SequenceNumber);
        using (Scope()) await receiver.CompleteMessageAsync(deferred);
        Assert.Equal(["x"], await BodiesAsync(bus));
        using (TransactionScope scope = Scope())
        {
            await receiver.CompleteMessageAsync(deferred);
            scope.Complete();
        }
        await Eventually.TrueAsync(async () => (await BodiesAsync(bus)).Length == 0, "it is completed");
    }

    [Fact]
    public async Task InASession_MessagesAndState_ChangeTogether()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { RequiresSession = true });
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage("x") { SessionId = "s" });
        await using ServiceBusSessionReceiver session = await bus.Client.AcceptSessionAsync(Bus.Queue, "s");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(session);
        using (Scope())
        {
            await session.CompleteMessageAsync(message);
            await session.SetSessionStateAsync(BinaryData.FromString("done"));
        }
        Assert.Null(await session.GetSessionStateAsync());
        using (TransactionScope scope = Scope())
        {
            await session.CompleteMessageAsync(message);
            await session.SetSessionStateAsync(BinaryData.FromString("done"));
            scope.Complete();
        }
        await Eventually.TrueAsync(async () => (await session.GetSessionStateAsync())?.ToString() == "done", "the state is set");
        Assert.Empty(await BodiesAsync(bus));
    }

    [Fact]
    public async Task WhenALockRunsOutBeforeTheEnd_NothingOfItHappens()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await bus.SendAsync("in");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        TransactionScope scope = Scope();
        await sender.SendMessageAsync(new ServiceBusMessage("out"));
        await receiver.CompleteMessageAsync(message);
        bus.Clock.Advance(TimeSpan.FromSeconds(61));
        scope.Complete();
        Assert.Throws<TransactionInDoubtException>(scope.Dispose);
        Assert.Equal(["in"], await BodiesAsync(bus));
    }

    [Fact]
    public async Task ATransactionThatTakesTooLong_IsRolledBack()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        TransactionScope scope = Scope();
        await sender.SendMessageAsync(new ServiceBusMessage("first"));
        bus.Clock.Advance(TimeSpan.FromMinutes(2));
        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(() =>
            sender.SendMessageAsync(new ServiceBusMessage("second")));
        Assert.Contains("not done within 2 minutes", refused.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<TransactionException>(() =>
        {
            scope.Complete();
            scope.Dispose();
        });
        Assert.Empty(await BodiesAsync(bus));
    }

    [Fact]
    public async Task WhenTheClientGoes_ItsTransactionIsRolledBack()
    {
        await using Bus bus = await Bus.StartAsync();
        TransactionScope scope = Scope();
        await using (ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString))
            await client.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage("never"));
        scope.Complete();
        Assert.ThrowsAny<TransactionException>(scope.Dispose);
        Assert.Empty(await BodiesAsync(bus));
    }

    [Fact]
    public async Task AMessage_IsSettledOnceOnlyInATransaction()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("x");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using TransactionScope scope = Scope();
        await receiver.CompleteMessageAsync(message);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageLockLost, () => receiver.AbandonMessageAsync(message));
    }

    [Fact]
    public async Task ATopicAndItsSubscription_AreOneEntity()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendToAsync(Bus.Topic, "in");
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, Bus.All);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Topic);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using (TransactionScope scope = Scope())
        {
            await receiver.CompleteMessageAsync(message);
            await sender.SendMessageAsync(new ServiceBusMessage("out"));
            scope.Complete();
        }
        Assert.Equal("out", (await Bus.ReceiveAsync(receiver)).Body.ToString());
    }

    [Fact]
    public async Task AnotherEntity_IsRefused_WithoutCrossEntityTransactions()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("in");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Other);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using TransactionScope scope = Scope();
        await receiver.CompleteMessageAsync(message);
        InvalidOperationException refused =
            await Assert.ThrowsAsync<InvalidOperationException>(() => sender.SendMessageAsync(new ServiceBusMessage("out")));
        Assert.Contains("cross-entity", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AcrossEntities_AMessageIsPassedOn_OnceAndWhole()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("in");
        await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString,
            options => options.EnableCrossEntityTransactions = true);
        await using ServiceBusReceiver receiver = client.CreateReceiver(Bus.Queue);
        await using ServiceBusSender other = client.CreateSender(Bus.Other), topic = client.CreateSender(Bus.Topic);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using (Scope()) await PassOnAsync();
        Assert.Equal((1, 0, 0), await CountsAsync());
        using (TransactionScope scope = Scope())
        {
            await PassOnAsync();
            scope.Complete();
        }
        await Eventually.TrueAsync(async () => await CountsAsync() == (0, 1, 1), "the message is in both places, and not in its own");

        async Task PassOnAsync()
        {
            await receiver.CompleteMessageAsync(message);
            await other.SendMessageAsync(new ServiceBusMessage("to other"));
            await topic.SendMessageAsync(new ServiceBusMessage("to topic"));
        }

        async Task<(int, int, int)> CountsAsync() => ((await BodiesAsync(bus)).Length,
            (await bus.Server.Broker.Find(Bus.Other).PeekAsync(0, 10)).Count,
            (await bus.Server.Broker.Find($"{Bus.Topic}/Subscriptions/{Bus.All}").PeekAsync(0, 10)).Count);
    }

    [Fact]
    public async Task AcrossEntities_MessagesOfOneOnlyAreSettled()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("a");
        await bus.SendToAsync(Bus.Other, "b");
        await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString,
            options => options.EnableCrossEntityTransactions = true);
        await using ServiceBusReceiver first = client.CreateReceiver(Bus.Queue), second = client.CreateReceiver(Bus.Other);
        ServiceBusReceivedMessage a = await Bus.ReceiveAsync(first), b = await Bus.ReceiveAsync(second);
        using (Scope())
        {
            await first.CompleteMessageAsync(a);
            await Assert.ThrowsAsync<InvalidOperationException>(() => second.CompleteMessageAsync(b));
        }
        await second.CompleteMessageAsync(b);
    }

    [Fact]
    public async Task AProcessor_PassesMessagesOn_InATransactionEach()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(30));
        await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString,
            options => options.EnableCrossEntityTransactions = true);
        await using ServiceBusSender sender = client.CreateSender(Bus.Other);
        await using ServiceBusProcessor processor = client.CreateProcessor(
            Bus.Queue, new ServiceBusProcessorOptions { AutoCompleteMessages = false, MaxConcurrentCalls = 4 });
        processor.ProcessMessageAsync += async arguments =>
        {
            using TransactionScope scope = Scope();
            await arguments.CompleteMessageAsync(arguments.Message);   // first: where a transaction begins is where it can receive
            await sender.SendMessageAsync(new ServiceBusMessage(arguments.Message));
            scope.Complete();
        };
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await processor.StartProcessingAsync();
        Assert.Equal(Bus.Numbers(30).Order(), Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(Bus.Other), 30)).Order());
        await Eventually.TrueAsync(async () => (await BodiesAsync(bus)).Length == 0, "the queue is empty");
        await processor.StopProcessingAsync();
    }

    [Fact]
    public async Task WhatLooksOnly_WorksInsideATransactionToo()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("x");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        using TransactionScope scope = Scope();
        Assert.Equal("x", (await receiver.PeekMessageAsync()).Body.ToString());
        await receiver.RenewMessageLockAsync(message);
        await receiver.CompleteMessageAsync(message);
    }

    private static TransactionScope Scope() => new(TransactionScopeAsyncFlowOption.Enabled);

    private static async Task<string[]> BodiesAsync(Bus bus)
    {
        using var outside = new TransactionScope(TransactionScopeOption.Suppress, TransactionScopeAsyncFlowOption.Enabled);
        return Bus.Bodies(await bus.Receiver().PeekMessagesAsync(100, 0));
    }
}
