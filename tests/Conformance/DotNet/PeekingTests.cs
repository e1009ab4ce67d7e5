using System.Reflection;
using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class PeekingTests
{
    [Fact]
    public async Task Peeking_GoesOnWhereItStopped_AndTakesNothing()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(5));
        await using ServiceBusReceiver receiver = bus.Receiver();
        Assert.Equal(["0", "1", "2"], Bus.Bodies(await receiver.PeekMessagesAsync(3)));
        Assert.Equal(["3", "4"], Bus.Bodies(await receiver.PeekMessagesAsync(10)));
        Assert.Empty(await receiver.PeekMessagesAsync(10));
        Assert.Equal(Bus.Numbers(5), Bus.Bodies(await Bus.ReceiveAsync(receiver, 5)));
    }

    [Fact]
    public async Task Peeking_BeginsAtANumber()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(5));
        Assert.Equal(["3", "4"], Bus.Bodies(await bus.Receiver().PeekMessagesAsync(10, fromSequenceNumber: 4)));
    }

    [Fact]
    public async Task Peeking_ShowsLockedMessages_WithoutTheirLocks_AndDoesNotCount()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("x");
        await using ServiceBusReceiver receiver = bus.Receiver();
        await Bus.ReceiveAsync(receiver);
        ServiceBusReceivedMessage peeked = await receiver.PeekMessageAsync(0);
        Assert.Equal(("x", 0), (peeked.Body.ToString(), peeked.DeliveryCount));
        await Assert.ThrowsAsync<InvalidOperationException>(() => receiver.CompleteMessageAsync(peeked));
    }

    [Fact]
    public async Task AnEmptyQueue_HasNothingToPeek()
    {
        await using Bus bus = await Bus.StartAsync();
        Assert.Null(await bus.Receiver().PeekMessageAsync());
    }

    [Fact]
    public async Task MoreThanAThousand_ArePeekedInSteps()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(1200));
        await using ServiceBusReceiver receiver = bus.Receiver();
        List<string> bodies = [];
        while (await receiver.PeekMessagesAsync(500) is { Count: > 0 } more) bodies.AddRange(Bus.Bodies(more));
        Assert.Equal(Bus.Numbers(1200), bodies);
    }

    [Fact]
    public async Task BatchDelete_RemovesTheOldest_ButNothingThatIsHeldOrTooNew()
    {
        await using Bus bus = await Bus.StartAsync(withClock: true);
        await bus.SendAsync(Bus.Numbers(5));
        await using ServiceBusReceiver receiver = bus.Receiver();
        await Bus.ReceiveAsync(receiver);   // holds "0"
        bus.Clock.Advance(TimeSpan.FromSeconds(10));
        DateTimeOffset cut = bus.Clock.GetUtcNow();
        bus.Clock.Advance(TimeSpan.FromSeconds(10));
        await bus.SendAsync("new");
        Assert.Equal(2, await DeleteAsync(receiver, 2, cut));
        Assert.Equal(["0", "3", "4", "new"], Bus.Bodies(await receiver.PeekMessagesAsync(10, 0)));
        Assert.Equal(2, await DeleteAsync(receiver, 100, cut));
        Assert.Equal(0, await DeleteAsync(receiver, 100, cut));
        Assert.Equal(["0", "new"], Bus.Bodies(await receiver.PeekMessagesAsync(10, 0)));
    }

    // The client has it, but does not show it yet.
    private static Task<int> DeleteAsync(ServiceBusReceiver receiver, int count, DateTimeOffset before) =>
        (Task<int>)typeof(ServiceBusReceiver).GetMethod("DeleteMessagesAsync", BindingFlags.Instance | BindingFlags.NonPublic)!
            .Invoke(receiver, [count, before, CancellationToken.None])!;
}
