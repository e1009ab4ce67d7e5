using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class DuplicateTests
{
    [Fact]
    public async Task AnId_IsRefusedWithinItsWindow_AcrossARestart_AndTakenAfterIt()
    {
        await using TestBroker broker = TestBroker.WithQueue(new EntityOptions { DuplicateWindow = TimeSpan.FromMinutes(1) });
        Assert.Equal((long[])[1], await broker.Broker.Find("jobs").SendAsync([TestBroker.Message("a")]));
        Message first = Assert.Single(await broker.ReceiveAsync("jobs"));
        await broker.Broker.Find("jobs").CompleteAsync(first.Lock!.Token);

        broker.Clock.Advance(TimeSpan.FromSeconds(59));
        await broker.RestartAsync();
        Assert.Equal((long[])[0, 2], await broker.Broker.Find("jobs").SendAsync([TestBroker.Message("a"), TestBroker.Message("b")]));

        broker.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((long[])[3], await broker.Broker.Find("jobs").SendAsync([TestBroker.Message("a")]));
        Assert.Equal(["b", "a"], await broker.IdsAsync("jobs"));
    }
}
