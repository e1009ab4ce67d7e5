using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Storage;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class TimerTests
{
    [Fact]
    public async Task AScheduledMessage_IsDeliveredWithoutAnotherCall_EvenWhenTheTimerFiresEarly()
    {
        var clock = new HastyClock();
        var definition = new BrokerDefinition { Queues = [new QueueDefinition("jobs", new EntityOptions())] };
        await using var broker = new MessageBroker(definition, new InMemoryStore(), MessageRewriter.Content, clock);
        List<Message> received = [];
        Receiver receiver = broker.Find("jobs").Attach(ReceiveMode.PeekLock, null, handover => received.AddRange(handover.Messages));
        await broker.Find("jobs").SetLimitAsync(receiver, 1, drain: false);
        await broker.Find("jobs").SendAsync([TestBroker.Message("a") with { ScheduledFor = clock.GetUtcNow().AddSeconds(1) }]);

        clock.Advance(TimeSpan.FromSeconds(1) - HastyClock.Haste);
        Assert.Empty(received);
        clock.Advance(HastyClock.Haste);
        Assert.Single(received);
    }

    /// <summary>A clock whose timers fire early while they still have some way to go, as the system's may.</summary>
    private sealed class HastyClock : FakeTimeProvider
    {
        public static readonly TimeSpan Haste = TimeSpan.FromMilliseconds(10);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HastyTimer(base.CreateTimer(callback, state, dueTime, period));

        private sealed class HastyTimer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime > Haste ? dueTime - Haste : dueTime, period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
