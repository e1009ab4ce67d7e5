using System.Collections.Concurrent;
using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class SessionProcessorTests
{
    private static readonly EntityOptions Sessions = new() { RequiresSession = true };

    [Fact]
    public async Task EachSession_IsHandledInOrder_OneMessageAfterTheOther()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, sessions: 6, each: 10);
        await using ServiceBusSessionProcessor processor = bus.Client.CreateSessionProcessor(
            Bus.Queue, new ServiceBusSessionProcessorOptions
            {
                MaxConcurrentSessions = 3,
                SessionIdleTimeout = TimeSpan.FromMilliseconds(300)
            });
        var handled = new ConcurrentQueue<(string Session, string Body)>();
        var busy = new ConcurrentDictionary<string, bool>();
        bool overlapped = false;
        processor.ProcessMessageAsync += async arguments =>
        {
            overlapped |= !busy.TryAdd(arguments.SessionId, true);
            await Task.Yield();
            handled.Enqueue((arguments.SessionId, arguments.Message.Body.ToString()));
            busy.TryRemove(arguments.SessionId, out _);
        };
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => handled.Count >= 60, "60 messages are handled");
        await processor.StopProcessingAsync();
        Assert.False(overlapped);
        Assert.Equal(60, handled.Count);
        Assert.All(handled.GroupBy(message => message.Session), session =>
            Assert.Equal(Bus.Numbers(10), session.Select(message => message.Body)));
    }

    [Fact]
    public async Task OnlyTheNamedSessions_AreHandled()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, sessions: 3, each: 2);
        await using ServiceBusSessionProcessor processor = bus.Client.CreateSessionProcessor(Bus.Queue,
            new ServiceBusSessionProcessorOptions { SessionIds = { "1" } });
        var handled = new ConcurrentQueue<string>();
        processor.ProcessMessageAsync += arguments =>
        {
            handled.Enqueue(arguments.SessionId);
            return Task.CompletedTask;
        };
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => handled.Count == 2, "two messages are handled");
        await processor.StopProcessingAsync();
        Assert.Equal(["1", "1"], handled);
        Assert.Equal(4, (await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 10)).Count);
    }

    [Fact]
    public async Task AHandler_ReadsAndWritesTheStateOfItsSession()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, sessions: 1, each: 5);
        await using ServiceBusSessionProcessor processor = bus.Client.CreateSessionProcessor(Bus.Queue);
        var counts = new ConcurrentQueue<int>();
        processor.ProcessMessageAsync += async arguments =>
        {
            BinaryData? state = await arguments.GetSessionStateAsync();
            int count = (state is null ? 0 : state.ToObjectFromJson<int>()) + 1;
            await arguments.SetSessionStateAsync(BinaryData.FromObjectAsJson(count));
            counts.Enqueue(count);
        };
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => counts.Count == 5, "five messages are handled");
        await processor.StopProcessingAsync();
        Assert.Equal([1, 2, 3, 4, 5], counts);
    }

    [Fact]
    public async Task OpeningAndClosing_IsTold_AndTheSessionIsFreeThen()
    {
        await using Bus bus = await Bus.StartAsync(Sessions);
        await SendAsync(bus, sessions: 1, each: 1);
        await using ServiceBusSessionProcessor processor = bus.Client.CreateSessionProcessor(
            Bus.Queue, new ServiceBusSessionProcessorOptions { SessionIdleTimeout = TimeSpan.FromMilliseconds(200) });
        var events = new ConcurrentQueue<string>();
        processor.SessionInitializingAsync += arguments => Note($"open {arguments.SessionId}");
        processor.ProcessMessageAsync += arguments => Note($"message {arguments.Message.Body}");
        processor.SessionClosingAsync += arguments => Note($"close {arguments.SessionId}");
        processor.ProcessErrorAsync += _ => Task.CompletedTask;
        await processor.StartProcessingAsync();
        await Eventually.TrueAsync(() => events.Count >= 3, "the session is closed");
        await processor.StopProcessingAsync();
        Assert.Equal(["open 0", "message 0", "close 0"], events);
        await using ServiceBusSessionReceiver free = await bus.Client.AcceptSessionAsync(Bus.Queue, "0");
        Assert.Equal("0", free.SessionId);

        Task Note(string happened)
        {
            events.Enqueue(happened);
            return Task.CompletedTask;
        }
    }

    private static async Task SendAsync(Bus bus, int sessions, int each)
    {
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessagesAsync(
            from body in Bus.Numbers(each)
            from session in Bus.Numbers(sessions)
            select new ServiceBusMessage(body) { SessionId = session });
    }
}
