using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class ProcessorTests
{
    [Fact]
    public async Task AProcessor_HandlesEveryMessageOnce_AndCompletesIt()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(200));
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(Bus.Queue,
            new ServiceBusProcessorOptions { MaxConcurrentCalls = 8 });
        ConcurrentQueue<string> bodies = Handle(processor, _ => Task.CompletedTask);
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => bodies.Count >= 200, "200 messages are handled");
        await processor.StopProcessingAsync();
        Assert.Equal(Bus.Numbers(200).Order(), bodies.Order());
        Assert.Empty(await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 10));
    }

    [Fact]
    public async Task AHandlerThatThrows_GetsTheMessageAgain_UntilItIsADeadLetter()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { MaxDeliveryCount = 3 });
        await bus.SendAsync("poison");
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(Bus.Queue);
        ConcurrentQueue<string> bodies = Handle(processor, _ => throw new FormatException("no"), fails: true);
        await processor.StartProcessingAsync();
        ServiceBusReceivedMessage dead = await Bus.ReceiveAsync(bus.DeadLetters());
        await processor.StopProcessingAsync();
        Assert.Equal(("poison", 3), (dead.Body.ToString(), bodies.Count));
        Assert.Equal("MaxDeliveryCountExceeded", dead.DeadLetterReason);
    }

    [Fact]
    public async Task AHandler_SettlesByItself()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("complete", "dead", "defer");
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(Bus.Queue,
            new ServiceBusProcessorOptions { AutoCompleteMessages = false });
        ConcurrentQueue<string> bodies = Handle(processor, arguments => arguments.Message.Body.ToString() switch
        {
            "dead" => arguments.DeadLetterMessageAsync(arguments.Message, "r"),
            "defer" => arguments.DeferMessageAsync(arguments.Message),
            _ => arguments.CompleteMessageAsync(arguments.Message),
        });
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => bodies.Count == 3, "three messages are handled");
        await processor.StopProcessingAsync();
        Assert.Equal("dead", (await Bus.ReceiveAsync(bus.DeadLetters())).Body.ToString());
        ServiceBusReceivedMessage rest = Assert.Single(await bus.Receiver().PeekMessagesAsync(10));
        Assert.Equal(("defer", ServiceBusMessageState.Deferred), (rest.Body.ToString(), rest.State));
    }

    [Fact]
    public async Task AStoppedProcessor_LeavesTheRest_AndGoesOnWhenStartedAgain()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(Bus.Queue);
        ConcurrentQueue<string> bodies = Handle(processor, _ => Task.CompletedTask);
        await processor.StartProcessingAsync();
        await bus.SendAsync("first");
        await Eventually.TrueAsync(() => bodies.Count == 1, "one message is handled");
        await processor.StopProcessingAsync();
        await bus.SendAsync("second");
        Assert.Equal("second", (await bus.Receiver().PeekMessageAsync()).Body.ToString());
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => bodies.Count == 2, "the other one is handled");
        await processor.StopProcessingAsync();
        Assert.Equal(["first", "second"], bodies);
    }

    [Fact]
    public async Task AProcessor_RenewsTheLocksOfLongHandlers()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { LockDuration = TimeSpan.FromSeconds(2) });
        await bus.SendAsync("long");
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(Bus.Queue);
        var until = new ConcurrentQueue<DateTimeOffset>();
        ConcurrentQueue<string> bodies = Handle(processor, async arguments =>
        {
            DateTimeOffset first = arguments.Message.LockedUntil;
            await Eventually.TrueAsync(() => TimeProvider.System.GetUtcNow() > first + TimeSpan.FromSeconds(0.5),
                "the first lock's time is over");
            until.Enqueue(first);
        });
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => until.Count == 1, "it is handled");
        await processor.StopProcessingAsync();
        Assert.Equal("long", Assert.Single(bodies));
        Assert.Empty(await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 10));
    }

    [Fact]
    public async Task AProcessorOfASubscription_HandlesItsMessages()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(Bus.Topic, Bus.All);
        ConcurrentQueue<string> bodies = Handle(processor, _ => Task.CompletedTask);
        await processor.StartProcessingAsync();
        await bus.SendToAsync(Bus.Topic, Bus.Numbers(20));
        await Eventually.TrueAsync(() => bodies.Count == 20, "20 messages are handled");
        await processor.StopProcessingAsync();
        Assert.Equal(Bus.Numbers(20), bodies);
    }

    [Fact]
    public async Task AProcessorThatReceivesAndDeletes_LeavesNothing()
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync(Bus.Numbers(30));
        await using ServiceBusProcessor processor = bus.Client.CreateProcessor(
            Bus.Queue, new ServiceBusProcessorOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete, PrefetchCount = 10 });
        ConcurrentQueue<string> bodies = Handle(processor, _ => Task.CompletedTask);
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => bodies.Count == 30, "30 messages are handled");
        await processor.StopProcessingAsync();
        Assert.Equal(Bus.Numbers(30), bodies);
    }

    /// <summary>Collects the bodies that a processor hands over; a failure of the client fails the test.</summary>
    private static ConcurrentQueue<string> Handle(ServiceBusProcessor processor, Func<ProcessMessageEventArgs, Task> handle,
        bool fails = false)
    {
        var bodies = new ConcurrentQueue<string>();
        processor.ProcessMessageAsync += async arguments =>
        {
            try
            {
                await handle(arguments);
            }
            finally
            {
                bodies.Enqueue(arguments.Message.Body.ToString());
            }
        };
        processor.ProcessErrorAsync += error => fails || error.Exception is OperationCanceledException
            ? Task.CompletedTask
            : throw new InvalidOperationException("The processor failed.", error.Exception);
        return bodies;
    }
}
