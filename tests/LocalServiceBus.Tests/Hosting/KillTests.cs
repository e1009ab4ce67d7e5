using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Hosting;

public sealed class KillTests
{
    private const int Rounds = 4;
    private const int Senders = 4;
    private const int InFlight = 16;

    [Fact]
    public async Task EveryAcknowledgedSend_IsThereExactlyOnce_AfterTheBrokerWasKilledAtRandom()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(20);
        ConcurrentDictionary<string, bool> acknowledged = [], begun = [];

        for (int round = 0; round < Rounds; round++)
        {
            using BrokerProcess broker = await BrokerProcess.StartAsync(folder.Path);
            int enough = acknowledged.Count + random.Next(50, 800);
            Task[] senders = [.. Enumerable.Range(0, Senders).Select(sender => SendUntilKilledAsync(broker.Address, $"{round}-{sender}", begun, acknowledged))];
            await Eventually.TrueAsync(() => acknowledged.Count >= enough, $"{enough} sends are acknowledged", TimeSpan.FromSeconds(60));
            await broker.KillAsync();
            await Task.WhenAll(senders);
        }

        await using MessageBroker remains = BrokerProcess.OpenRemains(folder.Path, TimeProvider.System);
        string[] found = [.. (await remains.Find("jobs").PeekAsync(0, int.MaxValue)).Select(message => message.MessageId)];
        Assert.Equal(found.Distinct().Count(), found.Length);
        Assert.Empty(acknowledged.Keys.Except(found));
        Assert.Empty(found.Except(begun.Keys));
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Rounds} kills, {acknowledged.Count} acknowledged, {found.Length} found, {begun.Count} begun");
    }

    [Fact]
    public async Task LocksAndDeliveryCounts_AreAsTheyWere_AfterTheBrokerWasKilled()
    {
        using var folder = new TemporaryFolder();
        Guid token;
        using (BrokerProcess broker = await BrokerProcess.StartAsync(folder.Path))
        {
            Connection connection = await Connection.Factory.CreateAsync(new Address(broker.Address));
            var session = new Session(connection);
            await new SenderLink(session, "sender", "jobs").SendAsync(Text("job"));
            var receiver = new ReceiverLink(session, "receiver", "jobs");
            receiver.Modify(await ReceiveAsync(receiver), deliveryFailed: true);
            token = new Guid((await ReceiveAsync(receiver)).DeliveryTag);
            await broker.KillAsync();
        }

        await using MessageBroker remains = BrokerProcess.OpenRemains(folder.Path, TimeProvider.System);
        LocalServiceBus.Core.Message message = Assert.Single(await remains.Find("jobs").PeekAsync(0, 10));
        Assert.Equal(1, message.DeliveryCount);
        Assert.Equal(token, message.Lock?.Token);
        await remains.Find("jobs").CompleteAsync(token);
        Assert.Empty(await remains.Find("jobs").PeekAsync(0, 10));
    }

    private static async Task SendUntilKilledAsync(
        string address, string name, ConcurrentDictionary<string, bool> begun, ConcurrentDictionary<string, bool> acknowledged)
    {
        Connection connection = await Connection.Factory.CreateAsync(new Address(address));
        var link = new SenderLink(new Session(connection), name, "jobs");
        int count = 0;
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => SendAsync()));

        async Task SendAsync()
        {
            try
            {
                while (true)
                {
                    string id = $"{name}-{Interlocked.Increment(ref count)}";
                    begun[id] = true;
                    await link.SendAsync(Text(id), TimeSpan.FromSeconds(30));
                    acknowledged[id] = true;
                }
            }
            catch (Exception exception) when (exception is AmqpException or ObjectDisposedException or OperationCanceledException)
            {
                // Killed: nobody knows what became of this one.
            }
        }
    }

    private static async Task<Amqp.Message> ReceiveAsync(ReceiverLink receiver) =>
        await receiver.ReceiveAsync(TimeSpan.FromSeconds(30)) ?? throw new TimeoutException("No message came.");

    private static Amqp.Message Text(string id) => new()
    {
        BodySection = new Data { Binary = new byte[1024] },
        Properties = new Properties { MessageId = id },
    };
}
