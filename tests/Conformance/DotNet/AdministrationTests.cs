using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

/// <summary>What is administered over HTTP takes effect for those who send and receive.</summary>
public sealed class AdministrationTests
{
    [Fact]
    public async Task AQueueThatWasMade_IsUsed_AndGoneWhenItIsDeleted()
    {
        await using Bus bus = await Bus.StartAsync();
        ServiceBusAdministrationClient administration = new(bus.Server.ConnectionString);
        await administration.CreateQueueAsync("made");
        await bus.SendToAsync("made", "x");
        Assert.Equal("x", (await Bus.ReceiveAsync(bus.Receiver("made"))).Body.ToString());
        await administration.DeleteQueueAsync("made");
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => bus.SendToAsync("made", "y"));
        Assert.False(await administration.QueueExistsAsync("made"));
    }

    [Fact]
    public async Task AQueue_BehavesAsItWasMade()
    {
        await using Bus bus = await Bus.StartAsync();
        ServiceBusAdministrationClient administration = new(bus.Server.ConnectionString);
        QueueProperties queue = await administration.CreateQueueAsync(new CreateQueueOptions("made")
        {
            LockDuration = TimeSpan.FromSeconds(30),
            MaxDeliveryCount = 2,
            DefaultMessageTimeToLive = TimeSpan.FromMinutes(5),
            RequiresDuplicateDetection = true,
        });
        Assert.Equal((TimeSpan.FromSeconds(30), 2, true), (queue.LockDuration, queue.MaxDeliveryCount, queue.RequiresDuplicateDetection));
        await using ServiceBusSender sender = bus.Client.CreateSender("made");
        for (int i = 0; i < 2; i++) await sender.SendMessageAsync(new ServiceBusMessage("x") { MessageId = "same" });
        await using ServiceBusReceiver receiver = bus.Receiver("made");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(receiver);
        Assert.Equal(TimeSpan.FromMinutes(5), message.TimeToLive);
        Assert.InRange(message.LockedUntil - TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(31));
        await receiver.AbandonMessageAsync(message);
        await receiver.AbandonMessageAsync(await Bus.ReceiveAsync(receiver));
        Assert.Equal("MaxDeliveryCountExceeded", (await Bus.ReceiveAsync(bus.DeadLetters("made"))).DeadLetterReason);
    }

    [Fact]
    public async Task RuntimeProperties_CountWhatIsThere()
    {
        await using Bus bus = await Bus.StartAsync();
        ServiceBusAdministrationClient administration = new(bus.Server.ConnectionString);
        await bus.SendAsync(Bus.Numbers(5));
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.DeadLetterMessageAsync(await Bus.ReceiveAsync(receiver));
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.ScheduleMessageAsync(new ServiceBusMessage("later"), TimeProvider.System.GetUtcNow().AddHours(1));
        QueueRuntimeProperties queue = await administration.GetQueueRuntimePropertiesAsync(Bus.Queue);
        Assert.Equal((4, 1, 1, 6), (queue.ActiveMessageCount, queue.DeadLetterMessageCount, queue.ScheduledMessageCount,
            queue.TotalMessageCount));
        Assert.True(queue.SizeInBytes > 0);
    }

    [Fact]
    public async Task ATopicWithASubscriptionAndARule_IsMadeAndUsed()
    {
        await using Bus bus = await Bus.StartAsync();
        ServiceBusAdministrationClient administration = new(bus.Server.ConnectionString);
        await administration.CreateTopicAsync("made");
        await administration.CreateSubscriptionAsync(
            new CreateSubscriptionOptions("made", "big"), new CreateRuleOptions("size", new SqlRuleFilter("size > 10")));
        await using ServiceBusSender sender = bus.Client.CreateSender("made");
        foreach (int size in (int[])[5, 15]) await sender.SendMessageAsync(new ServiceBusMessage($"{size}")
        { ApplicationProperties = { ["size"] = size } });
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver("made", "big");
        Assert.Equal("15", (await Bus.ReceiveAsync(receiver)).Body.ToString());
        await Bus.AssertEmptyAsync(receiver);
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager("made", "big");
        await foreach (RuleProperties rule in rules.GetRulesAsync()) Assert.Equal("size", rule.Name);
    }

    [Fact]
    public async Task AStatusThatIsChanged_CountsAtOnce()
    {
        await using Bus bus = await Bus.StartAsync();
        ServiceBusAdministrationClient administration = new(bus.Server.ConnectionString);
        await bus.SendAsync("x");
        QueueProperties queue = await administration.GetQueueAsync(Bus.Queue);
        queue.Status = EntityStatus.SendDisabled;
        await administration.UpdateQueueAsync(queue);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityDisabled, () => bus.SendAsync("y"));
        queue.Status = EntityStatus.Active;
        await administration.UpdateQueueAsync(queue);
        await bus.SendAsync("z");
        Assert.Equal(["x", "z"], Bus.Bodies(await Bus.ReceiveAsync(bus.Receiver(), 2)));
    }

    [Fact]
    public async Task WhatWasMade_OutlivesTheBroker_WithItsMessages()
    {
        using var folder = new TemporaryFolder();
        var options = new ServiceBusOptions { Folder = folder.Path };
        await using (Bus bus = await Bus.StartAsync(options: options))
        {
            await new ServiceBusAdministrationClient(bus.Server.ConnectionString).CreateQueueAsync("made");
            await bus.SendToAsync("made", "kept");
        }
        await using Bus again = await Bus.StartAsync(options: options);
        Assert.Equal("kept", (await Bus.ReceiveAsync(again.Receiver("made"))).Body.ToString());
    }

    [Fact]
    public async Task AWrongKey_IsRefused()
    {
        await using Bus bus = await Bus.StartAsync();
        ServiceBusAdministrationClient wrong = new(bus.Server.ConnectionString.Replace(ServiceBusOptions.DefaultKey, "WRONG",
            StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<Exception>(async () => await wrong.CreateQueueAsync("made"));
        Assert.False(await new ServiceBusAdministrationClient(bus.Server.ConnectionString).QueueExistsAsync("made"));
    }
}
