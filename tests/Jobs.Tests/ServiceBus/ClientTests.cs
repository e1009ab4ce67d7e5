using System.Text;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

public sealed class ClientTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30), NoWait = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Message_ArrivesAsItWasSent()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        var sent = new ServiceBusMessage(Encoding.UTF8.GetBytes("""{"ä":1}"""))
        {
            MessageId = "first",
            Subject = "classify",
            ContentType = "application/json",
            CorrelationId = "answer-to",
            ApplicationProperties = { ["traceparent"] = "00-1", ["count"] = 3, ["flag"] = true },
            TimeToLive = TimeSpan.FromHours(1),
        };

        await client.SendAsync(Bus.Queue, [sent], Stop);
        ServiceBusReceivedMessage received = Assert.Single(await client.ReceiveAsync(Bus.Queue, 10, Wait, Stop));

        Assert.Equal(("first", "classify", "application/json", "answer-to"), (received.MessageId, received.Subject, received.ContentType, received.CorrelationId));
        Assert.Equal(sent.Body.ToArray(), received.Body.ToArray());
        Assert.Equal(sent.ApplicationProperties, received.ApplicationProperties.ToDictionary());
        Assert.Equal(sent.TimeToLive, received.TimeToLive);
        Assert.Equal((1L, 1), (received.SequenceNumber, received.DeliveryCount)); // the SDK counts this delivery too
        Assert.True(Guid.TryParse(received.LockToken, out _));
        Assert.True(received.LockedUntil > received.EnqueuedTime);
    }

    [Fact]
    public async Task Send_KeepsTheOrderOfManyMessages_AndConfirmsEveryOne()
    {
        await using Bus bus = await Bus.StartAsync(maxMessageBytes: 4096); // so that it takes many batches
        await bus.Client().SendAsync(Bus.Queue, Bus.Messages(3000), Stop);
        Assert.Equal(Enumerable.Range(0, 3000).Select(number => $"{number}"), (await bus.Inside.PeekAsync(0, 5000)).Select(message => message.MessageId));
    }

    [Fact]
    public async Task ScheduledMessage_AppearsWhenItsTimeHasCome()
    {
        var time = new FakeTimeProvider();
        await using Bus bus = await Bus.StartAsync(time);
        MessageBus client = bus.Client();
        ServiceBusMessage later = Bus.Message("later");
        later.ScheduledEnqueueTime = time.GetUtcNow().AddMinutes(5);
        await client.SendAsync(Bus.Queue, [later], Stop);

        Assert.Empty(await client.ReceiveAsync(Bus.Queue, 1, NoWait, Stop));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop));
    }

    [Fact]
    public async Task Receive_LocksNothingButWhatItReturns()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, Bus.Messages(5), Stop);

        IReadOnlyList<ServiceBusReceivedMessage> some = await client.ReceiveAsync(Bus.Queue, 2, Wait, Stop);
        IReadOnlyList<ServiceBusReceivedMessage> others = await client.ReceiveAsync(Bus.Queue, 10, Wait, Stop);

        Assert.Equal(["0", "1"], some.Select(message => message.MessageId));
        Assert.Equal(["2", "3", "4"], others.Select(message => message.MessageId));
    }

    [Fact]
    public async Task Receive_ThatFoundNothing_LeavesTheNextMessageToOthers()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus first = bus.Client();
        Assert.Empty(await first.ReceiveAsync(Bus.Queue, 10, NoWait, Stop));
        using (var stop = new CancellationTokenSource())
        {
            Task<IReadOnlyList<ServiceBusReceivedMessage>> waiting = first.ReceiveAsync(Bus.Queue, 10, Wait, stop.Token);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        await first.SendAsync(Bus.Queue, [Bus.Message("for another")], Stop);
        Assert.Single(await bus.Client().ReceiveAsync(Bus.Queue, 10, Wait, Stop));
    }

    [Fact]
    public async Task ManyReceivers_GetEveryMessageOnce()
    {
        await using Bus bus = await Bus.StartAsync();
        const int Count = 400;
        MessageBus[] receivers = [.. Enumerable.Range(0, 4).Select(_ => bus.Client())];
        Task<List<string>>[] receiving = [.. receivers.Select(ReceiveAllAsync)];
        MessageBus sender = bus.Client();
        for (int number = 0; number < Count; number++) await sender.SendAsync(Bus.Queue, [Bus.Message($"{number}")], Stop);

        string[] got = [.. (await Task.WhenAll(receiving)).SelectMany(ids => ids)];
        Assert.Equal(Count, got.Length);
        Assert.Equal(Count, got.Distinct().Count());
        Assert.Empty(await bus.Inside.PeekAsync(0, 10));

        static async Task<List<string>> ReceiveAllAsync(MessageBus client)
        {
            List<string> ids = [];
            while (await client.ReceiveAsync(Bus.Queue, 7, TimeSpan.FromSeconds(3), Stop) is { Count: > 0 } messages)
            {
                foreach (ServiceBusReceivedMessage message in messages) await client.CompleteAsync(Bus.Queue, message, Stop);
                ids.AddRange(messages.Select(message => message.MessageId));
            }
            return ids;
        }
    }

    [Fact]
    public async Task Complete_RemovesTheMessage_AndSaysWhenItCameTooLate()
    {
        var time = new FakeTimeProvider();
        await using Bus bus = await Bus.StartAsync(time);
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("in time"), Bus.Message("late")], Stop);
        IReadOnlyList<ServiceBusReceivedMessage> messages = await client.ReceiveAsync(Bus.Queue, 2, Wait, Stop);

        await client.CompleteAsync(Bus.Queue, messages[0], Stop);
        await Assert.ThrowsAsync<MessageLockLostException>(() => client.CompleteAsync(Bus.Queue, messages[0], Stop));
        time.Advance(TimeSpan.FromMinutes(2));
        MessageLockLostException lost = await Assert.ThrowsAsync<MessageLockLostException>(() => client.CompleteAsync(Bus.Queue, messages[1], Stop));

        Assert.Contains("late", lost.Message, StringComparison.Ordinal);
        ServiceBusReceivedMessage again = Assert.Single(await client.ReceiveAsync(Bus.Queue, 2, Wait, Stop));
        Assert.Equal(("late", 2), (again.MessageId, again.DeliveryCount));
    }

    [Fact]
    public async Task Abandon_BringsTheMessageBackAtOnce_WithOneMoreDelivery()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("again")], Stop);
        await client.AbandonAsync(Bus.Queue, Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)), Stop);
        Assert.Equal(2, Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)).DeliveryCount);
    }

    [Fact]
    public async Task DeadLetter_KeepsTheMessage_WithReasonAndDescription()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("bad")], Stop);
        ServiceBusReceivedMessage bad = Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop));
        await client.DeadLetterAsync(Bus.Queue, bad, "InvalidFields", new string('x', 5000), Stop);

        ServiceBusReceivedMessage dead = Assert.Single(await client.ReceiveAsync(Bus.DeadLetters, 1, Wait, Stop));
        Assert.Equal(("bad", "InvalidFields", 4096), (dead.MessageId, dead.DeadLetterReason, dead.DeadLetterErrorDescription.Length));
        await client.CompleteAsync(Bus.DeadLetters, dead, Stop);
        Assert.True((await client.PeekAsync(Bus.DeadLetters, 0, 10, Stop)).IsEmpty);
    }

    [Fact]
    public async Task Peek_ShowsMessagesFromANumberOn_AndLocksNone()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        Assert.True((await client.PeekAsync(Bus.Queue, 0, 10, Stop)).IsEmpty);
        await client.SendAsync(Bus.Queue, [.. Enumerable.Range(1, 5).Select(number => Bus.Message($"{number}"))], Stop);

        Assert.Equal(["3", "4"], (await client.PeekAsync(Bus.Queue, 3, 2, Stop)).Messages.Select(message => message.MessageId));
        Assert.Equal(5, (await client.ReceiveAsync(Bus.Queue, 10, Wait, Stop)).Count);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
