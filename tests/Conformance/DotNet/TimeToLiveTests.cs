using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class TimeToLiveTests
{
    private static readonly EntityOptions AnHour = new() { DefaultTimeToLive = TimeSpan.FromHours(1) };

    [Fact]
    public async Task TheQueuesDefault_IsWhatAMessageWithoutOneGets()
    {
        await using Bus bus = await Bus.StartAsync(AnHour);
        ServiceBusReceivedMessage message = await RoundTripAsync(bus, new ServiceBusMessage("x"));
        Assert.Equal(TimeSpan.FromHours(1), message.TimeToLive);
        Assert.Equal(message.EnqueuedTime + TimeSpan.FromHours(1), message.ExpiresAt);
        Assert.Equal(TimeSpan.FromHours(1), message.GetRawAmqpMessage().Header.TimeToLive);
        Assert.InRange(message.GetRawAmqpMessage().Properties.AbsoluteExpiryTime!.Value - message.ExpiresAt, TimeSpan.FromSeconds(-1),
            TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task TheShorterOfBoth_Counts()
    {
        await using Bus bus = await Bus.StartAsync(AnHour);
        Assert.Equal(TimeSpan.FromMinutes(1), (await RoundTripAsync(bus,
            new ServiceBusMessage("x") { TimeToLive = TimeSpan.FromMinutes(1) })).TimeToLive);
        Assert.Equal(TimeSpan.FromHours(1), (await RoundTripAsync(bus,
            new ServiceBusMessage("x") { TimeToLive = TimeSpan.FromHours(2) })).TimeToLive);
    }

    [Fact]
    public async Task ALifeOfManyYears_IsKept()
    {
        await using Bus bus = await Bus.StartAsync();
        var life = TimeSpan.FromDays(3650);
        ServiceBusReceivedMessage message = await RoundTripAsync(bus, new ServiceBusMessage("x") { TimeToLive = life });
        Assert.Equal(life, message.TimeToLive);
    }

    [Fact]
    public async Task AnExpiredMessage_IsGone_ButALockedOneStays()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { DefaultTimeToLive = TimeSpan.FromSeconds(30) }, withClock: true);
        await bus.SendAsync("held", "gone");
        await using ServiceBusReceiver receiver = bus.Receiver();
        ServiceBusReceivedMessage held = await Bus.ReceiveAsync(receiver);
        bus.Clock.Advance(TimeSpan.FromSeconds(40));
        await Bus.AssertEmptyAsync(receiver);
        await receiver.CompleteMessageAsync(held);
        Assert.Null(await receiver.PeekMessageAsync(0));
    }

    [Fact]
    public async Task ASubscriptionsDefault_CountsForItsCopies()
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("brief", AnHour, [LocalServiceBus.Core.Filters.Filter.True])]);
        await bus.SendToAsync(Bus.Topic, "x");
        Assert.Equal(TimeSpan.FromHours(1), (await Bus.ReceiveAsync(bus.Client.CreateReceiver(Bus.Topic, "brief"))).TimeToLive);
        Assert.Equal(TimeSpan.MaxValue, (await Bus.ReceiveAsync(bus.Client.CreateReceiver(Bus.Topic, Bus.All))).TimeToLive);
    }

    private static async Task<ServiceBusReceivedMessage> RoundTripAsync(Bus bus, ServiceBusMessage message)
    {
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(message);
        return await Bus.ReceiveAsync(bus.Receiver());
    }
}
