using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

/// <summary>The broker goes away and comes back.</summary>
public sealed class OutageTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Client_SaysThatTheBrokerIsAway_AndWorksAgainOnceItIsBack()
    {
        using var folder = new TemporaryFolder();
        await using Bus bus = await Bus.StartAsync(folder: folder.Path);
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("before")], Stop);
        await bus.StopAsync();

        MessageBusException away = await Assert.ThrowsAsync<MessageBusException>(() => client.SendAsync(Bus.Queue, [Bus.Message("meanwhile")], Stop));
        Assert.True(away.IsTransient);
        Assert.Contains("does not answer", away.Message, StringComparison.Ordinal);

        await bus.StartAgainAsync();
        await client.SendAsync(Bus.Queue, [Bus.Message("after")], Stop);
        Assert.Equal(["before", "after"], (await client.ReceiveAsync(Bus.Queue, 10, Wait, Stop)).Select(message => message.MessageId));
    }

    [Fact]
    public async Task Receive_EndsAtOnce_WhenTheBrokerGoesAway()
    {
        await using Bus bus = await Bus.StartAsync();
        Task<IReadOnlyList<ServiceBusReceivedMessage>> waiting = bus.Client().ReceiveAsync(Bus.Queue, 10, TimeSpan.FromMinutes(10), Stop);
        await bus.StopAsync();
        Assert.True((await Assert.ThrowsAsync<MessageBusException>(() => waiting)).IsTransient);
    }

    [Fact]
    public async Task MessageReceivedBeforeARestart_CanBeCompletedAfterIt()
    {
        using var folder = new TemporaryFolder();
        await using Bus bus = await Bus.StartAsync(folder: folder.Path);
        MessageBus client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("held")], Stop);
        ServiceBusReceivedMessage held = Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop));

        await bus.StopAsync();
        await bus.StartAgainAsync();
        await client.CompleteAsync(Bus.Queue, held, Stop);
        Assert.Empty(await bus.Inside.PeekAsync(0, 10));
    }

    [Fact]
    public async Task NothingAcknowledged_IsLostOrDoubled_WhileTheBrokerIsRestartedUnderLoad()
    {
        using var folder = new TemporaryFolder();
        await using Bus bus = await Bus.StartAsync(folder: folder.Path);
        MessageBus client = bus.Client();
        List<string> acknowledged = [];
        using var enough = new CancellationTokenSource();
        Task sending = SendAsync();
        for (int restart = 0; restart < 3; restart++)
        {
            int more = acknowledged.Count + 50;
            await Eventually.TrueAsync(() => acknowledged.Count >= more, $"{more} sends are acknowledged");
            await bus.StopAsync();
            await bus.StartAgainAsync();
        }
        await enough.CancelAsync();
        await sending;

        string[] there = [.. (await bus.Inside.PeekAsync(0, int.MaxValue)).Select(message => message.MessageId)];
        Assert.Empty(acknowledged.Except(there));

        async Task SendAsync()
        {
            for (int number = 0; !enough.IsCancellationRequested;)
            {
                try
                {
                    await client.SendAsync(Bus.Queue, [Bus.Message($"{number}")], Stop);
                    acknowledged.Add($"{number++}");
                }
                catch (MessageBusException exception) when (exception.IsTransient)
                {
                    // Away; the same message again.
                }
            }
        }
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
