using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class DeferredMessageTests
{
    [Fact]
    public async Task ADeferredMessage_IsReceivedByItsNumberOnly()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long number = await DeferAsync(bus, receiver, "aside");
        await Bus.AssertEmptyAsync(receiver);
        Assert.Equal(ServiceBusMessageState.Deferred, (await receiver.PeekMessageAsync(0)).State);
        ServiceBusReceivedMessage message = await receiver.ReceiveDeferredMessageAsync(number);
        Assert.Equal(("aside", number, ServiceBusMessageState.Deferred), (message.Body.ToString(), message.SequenceNumber, message.State));
        Assert.NotEqual(Guid.Empty, new Guid(message.LockToken));
    }

    [Fact]
    public async Task ADeferredMessage_CanBeCompleted()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long number = await DeferAsync(bus, receiver, "x");
        await receiver.CompleteMessageAsync(await receiver.ReceiveDeferredMessageAsync(number));
        Assert.Null(await receiver.PeekMessageAsync(0));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageNotFound, () => receiver.ReceiveDeferredMessageAsync(number));
    }

    [Fact]
    public async Task ADeferredMessage_CanBeAbandoned_AndStaysDeferred()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long number = await DeferAsync(bus, receiver, "x");
        await receiver.AbandonMessageAsync(await receiver.ReceiveDeferredMessageAsync(number));
        Assert.Equal(("x", ServiceBusMessageState.Deferred), await StateAsync(receiver));
        Assert.Equal("x", (await receiver.ReceiveDeferredMessageAsync(number)).Body.ToString());
    }

    [Fact]
    public async Task ADeferredMessage_CanBeDeferredAgain_WithOtherProperties()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long number = await DeferAsync(bus, receiver, "x");
        ServiceBusReceivedMessage message = await receiver.ReceiveDeferredMessageAsync(number);
        await receiver.DeferMessageAsync(message, new Dictionary<string, object> { ["round"] = 2 });
        Assert.Equal(2, (await receiver.ReceiveDeferredMessageAsync(number)).ApplicationProperties["round"]);
    }

    [Fact]
    public async Task ADeferredMessage_CanBeDeadLettered()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long number = await DeferAsync(bus, receiver, "x");
        await receiver.DeadLetterMessageAsync(await receiver.ReceiveDeferredMessageAsync(number), "reason", "description");
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(bus.DeadLetters());
        Assert.Equal(("x", "reason", "description"), (dead.Body.ToString(), dead.DeadLetterReason, dead.DeadLetterErrorDescription));
    }

    [Fact]
    public async Task SeveralDeferredMessages_AreReceivedTogether_AndHeldByOneOnly()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long[] numbers = [await DeferAsync(bus, receiver, "a"), await DeferAsync(bus, receiver, "b")];
        Assert.Equal(["a", "b"], Bus.Bodies(await receiver.ReceiveDeferredMessagesAsync(numbers)));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageNotFound, () => receiver.ReceiveDeferredMessageAsync(numbers[0]));
    }

    [Fact]
    public async Task ADeferredMessage_CanBeReceivedAndDeleted()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        long number = await DeferAsync(bus, receiver, "x");
        await using ServiceBusReceiver deleting = bus.Receiver(Bus.Queue,
            new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        Assert.Equal("x", (await deleting.ReceiveDeferredMessageAsync(number)).Body.ToString());
        Assert.Null(await receiver.PeekMessageAsync(0));
    }

    private static async Task<long> DeferAsync(Bus bus, ServiceBusReceiver receiver, string body)
    {
        await bus.SendAsync(body);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        await receiver.DeferMessageAsync(message);
        return message.SequenceNumber;
    }

    private static async Task<(string Body, ServiceBusMessageState State)> StateAsync(ServiceBusReceiver receiver)
    {
        ServiceBusReceivedMessage message = await receiver.PeekMessageAsync(0);
        return (message.Body.ToString(), message.State);
    }
}
