using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class SendingTests
{
    [Fact]
    public async Task MessagesSentOneByOne_ArriveInOrder_NumberedFromOne()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        foreach (string body in Bus.Numbers(20)) await sender.SendMessageAsync(new ServiceBusMessage(body));
        List<ServiceBusReceivedMessage> messages = await Bus.ReceiveAsync(bus.Receiver(), 20);
        Assert.Equal(Bus.Numbers(20), Bus.Bodies(messages));
        Assert.Equal(Enumerable.Range(1, 20).Select(number => (long)number), messages.Select(message => message.SequenceNumber));
    }

    [Fact]
    public async Task ABatch_ArrivesAsItsMessages_InOrder()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        using ServiceBusMessageBatch batch = await sender.CreateMessageBatchAsync();
        foreach (string body in Bus.Numbers(500)) Assert.True(batch.TryAddMessage(new ServiceBusMessage(body)
        { MessageId = $"id-{body}" }));
        await sender.SendMessagesAsync(batch);
        List<ServiceBusReceivedMessage> messages = await Bus.ReceiveAsync(bus.Receiver(), 500);
        Assert.Equal(Bus.Numbers(500), Bus.Bodies(messages));
        Assert.Equal(Bus.Numbers(500).Select(body => $"id-{body}"), messages.Select(message => message.MessageId));
    }

    [Fact]
    public async Task ABatchOfOne_IsAMessage()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        using ServiceBusMessageBatch batch = await sender.CreateMessageBatchAsync();
        Assert.True(batch.TryAddMessage(new ServiceBusMessage("alone") { Subject = "s", MessageId = "m" }));
        await sender.SendMessagesAsync(batch);
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(bus.Receiver());
        Assert.Equal(("alone", "s", "m"), (message.Body.ToString(), message.Subject, message.MessageId));
    }

    [Fact]
    public async Task AnEmptyBatch_SendsNothing()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        using ServiceBusMessageBatch batch = await sender.CreateMessageBatchAsync();
        await sender.SendMessagesAsync(batch);
        await sender.SendMessagesAsync(new List<ServiceBusMessage>());
        await Bus.AssertEmptyAsync(bus.Receiver());
    }

    [Fact]
    public async Task ABatch_HoldsWhatTheBrokerTakes_AndNoMore()
    {
        const int Kilobytes = 64;
        await using Bus bus = await Bus.StartAsync(options: new ServiceBusOptions { MaxMessageBytes = Kilobytes * 1024 });
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        using ServiceBusMessageBatch batch = await sender.CreateMessageBatchAsync();
        Assert.Equal(Kilobytes * 1024, batch.MaxSizeInBytes);
        while (batch.TryAddMessage(new ServiceBusMessage(new byte[1000])))
        {
        }
        Assert.InRange(batch.Count, Kilobytes - 6, Kilobytes);
        await sender.SendMessagesAsync(batch);
        Assert.Equal(batch.Count, (await Bus.ReceiveAsync(bus.Receiver(), batch.Count)).Count);
    }

    [Fact]
    public async Task ManyMessagesUnderWayAtOnce_AllArriveOnce()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await Task.WhenAll(Bus.Numbers(1500).Select(body => sender.SendMessageAsync(new ServiceBusMessage(body))));
        var receiver = bus.Receiver(Bus.Queue, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        Assert.Equal(Bus.Numbers(1500).Order(), Bus.Bodies(await Bus.ReceiveAsync(receiver, 1500)).Order());
    }

    [Fact]
    public async Task AMessageOfTwentyMegabytes_GoesInAndOut()
    {
        await using Bus bus = await Bus.StartAsync(options: new ServiceBusOptions { MaxMessageBytes = 24 * 1024 * 1024 });
        byte[] body = new byte[20 * 1024 * 1024];
        new Random(1).NextBytes(body);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage(body));
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(bus.Receiver());
        Assert.True(body.AsSpan().SequenceEqual(message.Body));
    }

    [Fact]
    public async Task AfterAMessageThatIsTooLarge_TheSenderGoesOn()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessageSizeExceeded, () =>
            sender.SendMessageAsync(new ServiceBusMessage(new byte[300_000])));
        await sender.SendMessageAsync(new ServiceBusMessage("small"));
        Assert.Equal("small", (await Bus.ReceiveAsync(bus.Receiver())).Body.ToString());
    }

    [Fact]
    public async Task DuplicatesWithinTheWindow_AreDropped_AlsoWithinABatch()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { DuplicateWindow = TimeSpan.FromMinutes(1) }, withClock: true);
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage("first") { MessageId = "a" });
        await sender.SendMessageAsync(new ServiceBusMessage("again") { MessageId = "a" });
        await sender.SendMessagesAsync([new ServiceBusMessage("second") { MessageId = "b" },
            new ServiceBusMessage("again") { MessageId = "b" }]);
        Assert.Equal(["first", "second"], Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(), 2)));
        bus.Clock.Advance(TimeSpan.FromMinutes(2));
        await sender.SendMessageAsync(new ServiceBusMessage("later") { MessageId = "a" });
        await using ServiceBusReceiver receiver = bus.Receiver();
        List<string> rest = [];
        while (await receiver.ReceiveMessageAsync(TimeSpan.FromMilliseconds(500)) is { } message) rest.Add(message.Body.ToString());
        Assert.Contains("later", rest);
        Assert.DoesNotContain("again", rest);
    }

    [Fact]
    public async Task SeveralClients_SendToOneQueue_EachInItsOrder()
    {
        await using Bus bus = await Bus.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async client =>
        {
            await using ServiceBusClient own = Bus.Connect(bus.Server.ConnectionString);
            await using ServiceBusSender sender = own.CreateSender(Bus.Queue);
            foreach (string body in Bus.Numbers(25)) await sender.SendMessageAsync(new ServiceBusMessage(body) { Subject = $"{client}" });
        }));
        List<ServiceBusReceivedMessage> messages = await Bus.ReceiveAsync(bus.Receiver(), 100);
        Assert.All(messages.GroupBy(message => message.Subject), group => Assert.Equal(Bus.Numbers(25), Bus.Bodies(group)));
    }
}
