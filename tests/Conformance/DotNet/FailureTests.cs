using Azure.Messaging.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

/// <summary>The reasons of failures that no other test here shows. Lost locks, sessions and messages stand with their subjects.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task AnEntityThatIsMissing_IsSaid_ByWhateverAsksForIt()
    {
        await using Bus bus = await Bus.StartAsync();
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => bus.SendToAsync("missing", "x"));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => bus.Receiver("missing").ReceiveMessageAsync());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => bus.Receiver("missing").PeekMessageAsync());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () =>
            bus.Client.CreateReceiver(Bus.Topic, "missing").ReceiveMessageAsync());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => bus.Client.AcceptNextSessionAsync("missing"));
    }

    [Fact]
    public async Task AnEntityThatIsDeleted_SendsItsReceiversAway()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusReceiver receiver = bus.Receiver();
        await Bus.AssertEmptyAsync(receiver);
        await bus.Server.Broker.DeleteAsync(Bus.Queue);
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, async () =>
        {
            // what waits when the link ends gets nothing; the next one is told
            while (true) await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(1));
        });
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => bus.SendAsync("x"));
    }

    [Theory]
    [InlineData(EntityStatus.Disabled, false, false)]
    [InlineData(EntityStatus.SendDisabled, false, true)]
    [InlineData(EntityStatus.ReceiveDisabled, true, false)]
    public async Task ADisabledEntity_SaysSo(EntityStatus status, bool canSend, bool canReceive)
    {
        await using Bus bus = await Bus.StartAsync();
        await bus.SendAsync("before");
        await bus.Server.Broker.UpdateAsync(Bus.Queue, EntityKind.Queue, new EntityOptions { Status = status });
        if (canSend) await bus.SendAsync("x");
        else await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityDisabled, () => bus.SendAsync("x"));
        if (canReceive) await Bus.ReceiveAsync(bus.Receiver());
        else await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityDisabled, () => bus.Receiver().ReceiveMessageAsync());
    }

    [Fact]
    public async Task AFullEntity_TakesNoMore_UntilThereIsRoom()
    {
        await using Bus bus = await Bus.StartAsync(new EntityOptions { MaxSizeMegabytes = 1 });
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        byte[] body = new byte[200 * 1024];
        for (int i = 0; i < 5; i++) await sender.SendMessageAsync(new ServiceBusMessage(body));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.QuotaExceeded, () => sender.SendMessageAsync(new ServiceBusMessage(body)));
        await using ServiceBusReceiver receiver = bus.Receiver();
        await receiver.CompleteMessageAsync(await Bus.ReceiveAsync(receiver));
        await sender.SendMessageAsync(new ServiceBusMessage(body));
    }

    [Fact]
    public async Task ABrokerWithTooMuchToWrite_AsksForPatience_AndLosesNothing()
    {
        using var folder = new TemporaryFolder();
        await using Bus bus = await Bus.StartAsync(options: new ServiceBusOptions { Folder = folder.Path, MaxPendingBytes = 100 * 1024 });
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        bool[] sent = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => TrySendAsync()));
        Assert.Contains(true, sent);
        Assert.Contains(false, sent);
        Assert.Equal(sent.Count(isSent => isSent), (await bus.Server.Broker.Find(Bus.Queue).PeekAsync(0, 100)).Count);

        async Task<bool> TrySendAsync()
        {
            try
            {
                await sender.SendMessageAsync(new ServiceBusMessage(new byte[60 * 1024]));
                return true;
            }
            catch (ServiceBusException busy)
            {
                Assert.Equal((ServiceBusFailureReason.ServiceBusy, true), (busy.Reason, busy.IsTransient));
                return false;
            }
        }
    }

    [Fact]
    public async Task AWrongKey_IsRefused()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusClient wrong = Bus.Connect(bus.Server.ConnectionString.Replace(ServiceBusOptions.DefaultKey, "WRONG",
            StringComparison.Ordinal));
        UnauthorizedAccessException refused =
            await Assert.ThrowsAsync<UnauthorizedAccessException>(() =>
                wrong.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage("x")));
        Assert.Contains("InvalidSignature", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADeadPort_IsACommunicationProblem()
    {
        string connectionString;
        await using (Bus bus = await Bus.StartAsync()) connectionString = bus.Server.ConnectionString;
        await using ServiceBusClient client = Bus.Connect(connectionString);
        await Bus.AssertFailsAsync(
            ServiceBusFailureReason.ServiceCommunicationProblem, () =>
                client.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage("x")));
    }

    [Fact]
    public async Task AWebSocketClient_IsToldToUseTcp()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusClient client = Bus.Connect(bus.Server.ConnectionString,
            options => options.TransportType = ServiceBusTransportType.AmqpWebSockets);
        await Assert.ThrowsAnyAsync<Exception>(() => client.CreateSender(Bus.Queue).SendMessageAsync(new ServiceBusMessage("x")));
        using var http = new HttpClient();
        using var upgrade = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{bus.Server.Port}/$servicebus/websocket");
        upgrade.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        upgrade.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        using HttpResponseMessage response = await http.SendAsync(upgrade);
        Assert.False(response.IsSuccessStatusCode);
        Assert.Contains("AmqpTcp", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
