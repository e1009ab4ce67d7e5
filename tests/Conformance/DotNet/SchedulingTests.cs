using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class SchedulingTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task AScheduledMessage_ArrivesWhenItsTimeComes_AndNotBefore()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await using ServiceBusReceiver receiver = bus.Receiver();
        DateTimeOffset due = bus.Clock.GetUtcNow() + Delay;
        long number = await sender.ScheduleMessageAsync(new ServiceBusMessage("later"), due);
        await Bus.AssertEmptyAsync(receiver);
        ServiceBusReceivedMessage peeked = await receiver.PeekMessageAsync();
        Assert.Equal((ServiceBusMessageState.Scheduled, number, "later"), (peeked.State, peeked.SequenceNumber, peeked.Body.ToString()));
        Assert.Equal(due.ToUnixTimeMilliseconds(), peeked.ScheduledEnqueueTime.ToUnixTimeMilliseconds());

        bus.Clock.Advance(Delay);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        Assert.Equal(("later", ServiceBusMessageState.Active, number),
            (message.Body.ToString(), message.State, message.EnqueuedSequenceNumber));
        Assert.True(message.EnqueuedTime >= due.AddMilliseconds(-1));
    }

    [Fact]
    public async Task SeveralScheduledMessages_GetANumberEach_AndComeTogether()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        IReadOnlyList<long> numbers = await sender.ScheduleMessagesAsync(
            Bus.Numbers(3).Select(body => new ServiceBusMessage(body)), bus.Clock.GetUtcNow() + Delay);
        Assert.Equal([1, 2, 3], numbers);
        bus.Clock.Advance(Delay);
        Assert.Equal(Bus.Numbers(3), Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(), 3)));
    }

    [Fact]
    public async Task ACancelledMessage_NeverArrives()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        IReadOnlyList<long> numbers = await sender.ScheduleMessagesAsync(
            Bus.Numbers(4).Select(body => new ServiceBusMessage(body)), bus.Clock.GetUtcNow() + Delay);
        await sender.CancelScheduledMessageAsync(numbers[0]);
        await sender.CancelScheduledMessagesAsync([numbers[2], numbers[3]]);
        bus.Clock.Advance(Delay);
        await using ServiceBusReceiver receiver = bus.Receiver();
        Assert.Equal("1", (await Bus.ReceiveAsync(receiver)).Body.ToString());
        await Bus.AssertEmptyAsync(receiver);
    }

    [Fact]
    public async Task CancellingTwice_OrWhatIsNotScheduled_IsRefused()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        long number = await sender.ScheduleMessageAsync(new ServiceBusMessage("x"), TimeProvider.System.GetUtcNow() + Delay);
        await sender.CancelScheduledMessageAsync(number);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageNotFound, () => sender.CancelScheduledMessageAsync(number));
        await bus.SendAsync("active");
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageNotFound, () => sender.CancelScheduledMessageAsync(number + 1));
    }

    [Fact]
    public async Task AMessageWithAScheduledTimeInIt_Waits()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await using ServiceBusReceiver receiver = bus.Receiver();
        await sender.SendMessageAsync(new ServiceBusMessage("later") { ScheduledEnqueueTime = bus.Clock.GetUtcNow() + Delay });
        await Bus.AssertEmptyAsync(receiver);
        bus.Clock.Advance(Delay);
        Assert.Equal("later", (await Bus.ReceiveAsync(receiver)).Body.ToString());
    }

    [Fact]
    public async Task AMessageScheduledForThePast_ArrivesAtOnce()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.ScheduleMessageAsync(new ServiceBusMessage("now"), TimeProvider.System.GetUtcNow() - Delay);
        Assert.Equal("now", (await Bus.ReceiveAsync(bus.Receiver())).Body.ToString());
    }

    [Fact]
    public async Task MessagesOfATopic_AreScheduledAndCancelled()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Topic);
        DateTimeOffset due = bus.Clock.GetUtcNow() + Delay;
        await sender.ScheduleMessageAsync(new ServiceBusMessage("comes"), due);
        await sender.CancelScheduledMessageAsync(await sender.ScheduleMessageAsync(new ServiceBusMessage("does not"), due));
        bus.Clock.Advance(Delay);
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, Bus.All);
        Assert.Equal("comes", (await Bus.ReceiveAsync(receiver)).Body.ToString());
        await Bus.AssertEmptyAsync(receiver);
    }
}
