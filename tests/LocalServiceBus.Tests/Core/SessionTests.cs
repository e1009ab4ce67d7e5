using HrNetBatch.LocalServiceBus.Core;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class SessionTests : IAsyncDisposable
{
    private static readonly EntityOptions Options = new() { RequiresSession = true, LockDuration = TimeSpan.FromSeconds(30), MaxDeliveryCount = 3 };

    private readonly TestBroker _broker = TestBroker.WithQueue(Options);

    private Entity Queue => _broker.Broker.Find("jobs");

    [Fact]
    public async Task ASessionThatRanOut_CountsTheDelivery_AndTellsItsReceiver()
    {
        await Queue.SendAsync([TestBroker.Message("a", "s")]);
        SessionLease lease = await Queue.AcceptSessionAsync("s");
        bool isLost = false;
        Receiver receiver = Queue.Attach(ReceiveMode.PeekLock, lease, handover => isLost |= handover.SessionLost);
        await Queue.SetLimitAsync(receiver, 10, drain: false);

        _broker.Clock.Advance(TimeSpan.FromSeconds(30));

        Assert.True(isLost);
        Assert.Equal(1, Assert.Single(await Queue.PeekAsync(0, 10)).DeliveryCount);
        await Queue.SendAsync([TestBroker.Message("b", "s")]);
        Assert.All(await Queue.PeekAsync(0, 10), message => Assert.Null(message.Lock)); // the lost receiver is given nothing more
    }

    [Fact]
    public async Task ARenewedSession_HoldsItsMessagesToo()
    {
        await Queue.SendAsync([TestBroker.Message("a", "s")]);
        SessionLease lease = await Queue.AcceptSessionAsync("s");
        Message message = Assert.Single(await _broker.ReceiveAsync("jobs", lease));
        for (int i = 0; i < 5; i++)
        {
            _broker.Clock.Advance(TimeSpan.FromSeconds(20));
            Assert.Equal(_broker.Clock.GetUtcNow() + Options.LockDuration, (await Queue.RenewSessionAsync("s")).LockedUntil);
        }
        await Queue.CompleteAsync(message.Lock!.Token);
        Assert.Empty(await _broker.IdsAsync("jobs"));
    }

    [Fact]
    public async Task ARestart_FreesSessionsUncounted_AndKeepsTheirStates()
    {
        await Queue.SendAsync([TestBroker.Message("a", "s")]);
        SessionLease lease = await Queue.AcceptSessionAsync("s");
        await _broker.ReceiveAsync("jobs", lease);
        await Queue.SetSessionStateAsync("s", [7]);

        await _broker.RestartAsync();

        SessionLease again = await Queue.AcceptSessionAsync("s");
        Assert.Equal([7], await Queue.GetSessionStateAsync("s"));
        Assert.Equal(0, Assert.Single(await _broker.ReceiveAsync("jobs", again)).DeliveryCount);
    }

    [Fact]
    public async Task WaitingForTheNextSession_EndsWithTheFirstMessage_OrWithThePatience()
    {
        using var patience = new CancellationTokenSource();
        Task<SessionLease> impatient = Queue.AcceptNextSessionAsync(patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);

        Task<SessionLease> patient = Queue.AcceptNextSessionAsync(TestContext.Current.CancellationToken);
        await Queue.SendAsync([TestBroker.Message("a", "s"), TestBroker.Message("b", "t")]);
        Assert.Equal("s", (await patient).SessionId);
    }

    [Fact]
    public async Task AHoldThatIsGone_OpensNoReceiver()
    {
        SessionLease lease = await Queue.AcceptSessionAsync("s");
        _broker.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(Refusal.SessionLockLost, Assert.Throws<BrokerException>(() => Queue.Attach(ReceiveMode.PeekLock, lease, _ => { })).Reason);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
