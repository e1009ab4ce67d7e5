using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.ServiceBus.AmqpClient;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

/// <summary>A broker that is busy, which the local one never is: a listener of the library plays it.</summary>
public sealed class BusyBrokerTests
{
    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public async Task BusyBroker_IsLeftAloneForTenSeconds_ThreeTimesAtMost(int busyCount, bool isAccepted)
    {
        using var folder = new TemporaryFolder();
        int port = LoopbackPort.Keep(folder.File("port"));
        var host = new ContainerHost(new Address($"amqp://127.0.0.1:{port}"));
        host.Listeners[0].SASL.EnableAnonymousMechanism = true;
        host.RegisterRequestProcessor("$cbs", new Tokens());
        var queue = new BusyQueue(busyCount);
        host.RegisterMessageProcessor("jobs", queue);
        host.Open();
        try
        {
            var time = new FakeTimeProvider();
            var options = new ServiceBusOptions { ConnectionString = $"Endpoint=sb://127.0.0.1:{port};SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true" };
            await using var client = new AmqpServiceBusClient(Options.Create(options), null, time, NullLogger.Instance);
            DateTimeOffset start = time.GetUtcNow();
            Task sending = client.SendAsync("jobs", [Bus.Message("one")], TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(() =>
            {
                if (!sending.IsCompleted) time.Advance(TimeSpan.FromSeconds(1));
                return sending.IsCompleted;
            }, "the message is sent or refused");

            if (isAccepted) await sending;
            else Assert.True((await Assert.ThrowsAsync<ServiceBusException>(() => sending)).IsTransient);
            Assert.Equal(3, queue.Count);
            Assert.True(time.GetUtcNow() - start >= TimeSpan.FromSeconds(20), $"It was asked again after {time.GetUtcNow() - start}.");
        }
        finally
        {
            host.Close();
        }
    }

    private sealed class Tokens : IRequestProcessor
    {
        public int Credit => 10;

        public void Process(RequestContext requestContext) =>
            requestContext.Complete(new Message { ApplicationProperties = new ApplicationProperties { ["status-code"] = 202 } });
    }

    private sealed class BusyQueue(int busyCount) : IMessageProcessor
    {
        public int Credit => 10;

        public int Count { get; private set; }

        public void Process(MessageContext messageContext)
        {
            if (++Count <= busyCount) messageContext.Complete(new Error("com.microsoft:server-busy") { Description = "Please wait." });
            else messageContext.Complete();
        }
    }
}
