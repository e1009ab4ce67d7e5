using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class TopicTests
{
    [Fact]
    public async Task EverySubscription_GetsItsOwnCopy()
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("second", new EntityOptions(), [Filter.True])]);
        await bus.SendToAsync(Bus.Topic, Bus.Numbers(5));
        await using ServiceBusReceiver first = bus.Client.CreateReceiver(Bus.Topic, Bus.All),
            second = bus.Client.CreateReceiver(Bus.Topic, "second");
        List<ServiceBusReceivedMessage> messages = await Bus.ReceiveAsync(first, 5);
        foreach (ServiceBusReceivedMessage message in messages) await first.CompleteMessageAsync(message);
        Assert.Equal(Bus.Numbers(5), Bus.Bodies(messages));
        Assert.Equal(Bus.Numbers(5), Bus.Bodies(await Bus.ReceiveAsync(second, 5)));
    }

    [Fact]
    public async Task AFalseFilter_TakesNothing()
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("none", new EntityOptions(), [Filter.False])]);
        await bus.SendToAsync(Bus.Topic, "x");
        await Bus.ReceiveAsync(bus.Client.CreateReceiver(Bus.Topic, Bus.All));
        await Bus.AssertEmptyAsync(bus.Client.CreateReceiver(Bus.Topic, "none"));
    }

    [Fact]
    public async Task AMessageThatSeveralFiltersTake_ComesOnce()
    {
        await using Bus bus = await Bus.StartAsync(
            subscriptions: [new("both", new EntityOptions(), [SqlFilter.Parse("size > 1"), SqlFilter.Parse("size > 2")])]);
        await SendAsync(bus, new ServiceBusMessage("x") { ApplicationProperties = { ["size"] = 3 } });
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, "both");
        await receiver.CompleteMessageAsync(await Bus.ReceiveAsync(receiver));
        await Bus.AssertEmptyAsync(receiver);
    }

    [Theory]
    [InlineData("sys.Label = 'red'", "red")]
    [InlineData("sys.MessageId = 'id-big'", "big")]
    [InlineData("size > 10", "big")]
    [InlineData("size >= 1 AND size <= 5", "red")]
    [InlineData("color LIKE 'dark%'", "big")]
    [InlineData("color NOT LIKE 'dark%'", "red")]
    [InlineData("color IN ('red', 'blue')", "red")]
    [InlineData("NOT (size < 10)", "big")]
    [InlineData("color IS NULL", "plain")]
    [InlineData("EXISTS(color) AND size = 1", "red")]
    [InlineData("price = 2.5", "big")]
    [InlineData("isNew = TRUE", "red")]
    [InlineData("sys.CorrelationId = 'c' OR sys.To = 'nobody'", "plain")]
    public async Task ASqlFilter_TakesWhatItSays(string expression, string body)
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("some", new EntityOptions(), [SqlFilter.Parse(expression)])]);
        await SendAllAsync(bus);
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, "some");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        Assert.Equal(body, message.Body.ToString());
        await Bus.AssertEmptyAsync(receiver);
    }

    [Theory]
    [InlineData("Label", "red", "red")]
    [InlineData("MessageId", "id-big", "big")]
    [InlineData("CorrelationId", "c", "plain")]
    [InlineData("ContentType", "text/plain", "big")]
    [InlineData("To", "somebody", "red")]
    [InlineData("ReplyTo", "me", "plain")]
    public async Task ACorrelationFilter_ComparesSystemProperties(string property, string value, string body)
    {
        var filter = new CorrelationFilter(new Dictionary<string, string> { [property] = value }, Message.NoProperties);
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("some", new EntityOptions(), [filter])]);
        await SendAllAsync(bus);
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, "some");
        Assert.Equal(body, (await Bus.ReceiveAsync(receiver)).Body.ToString());
        await Bus.AssertEmptyAsync(receiver);
    }

    [Fact]
    public async Task ACorrelationFilter_ComparesApplicationProperties_AllOfThem()
    {
        var filter = new CorrelationFilter(new Dictionary<string, string>(), new Dictionary<string,
            object?>
        { ["size"] = 20L, ["color"] = "dark-red" });
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("some", new EntityOptions(), [filter])]);
        await SendAllAsync(bus);
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(Bus.Topic, "some");
        Assert.Equal("big", (await Bus.ReceiveAsync(receiver)).Body.ToString());
        await Bus.AssertEmptyAsync(receiver);
    }

    [Fact]
    public async Task ATopic_IsNotReceivedFrom_AndASubscriptionIsNotSentTo()
    {
        await using Bus bus = await Bus.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => bus.Receiver(Bus.Topic).ReceiveMessageAsync(TimeSpan.FromSeconds(1)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => bus.SendToAsync($"{Bus.Topic}/Subscriptions/{Bus.All}", "x"));
    }

    private static Task SendAllAsync(Bus bus) => SendAsync(
        bus,
        new ServiceBusMessage("plain") { CorrelationId = "c", ReplyTo = "me" },
        new ServiceBusMessage("red")
        {
            Subject = "red",
            To = "somebody",
            ApplicationProperties = { ["size"] = 1, ["color"] = "red", ["isNew"] = true }
        },
        new ServiceBusMessage("big")
        {
            MessageId = "id-big",
            ContentType = "text/plain",
            ApplicationProperties = { ["size"] = 20L, ["color"] = "dark-red", ["price"] = 2.5 },
        });

    private static async Task SendAsync(Bus bus, params ServiceBusMessage[] messages)
    {
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Topic);
        await sender.SendMessagesAsync(messages);
    }
}
