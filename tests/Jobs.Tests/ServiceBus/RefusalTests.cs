using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Jobs.ServiceBus.AmqpClient;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

/// <summary>What the broker refuses, and what came that cannot be read.</summary>
public sealed class RefusalTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task UnknownQueue_IsNamed()
    {
        await using Bus bus = await Bus.StartAsync();
        AmqpServiceBusClient client = bus.Client();
        foreach (Func<Task> use in new Func<Task>[]
        {
            () => client.SendAsync("missing", [Bus.Message("x")], Stop),
            () => client.ReceiveAsync("missing", 1, Wait, Stop),
            () => client.PeekAsync("missing", 0, 1, Stop),
            () => client.CheckAsync("missing", Stop),
        })
        {
            ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(use);
            Assert.False(refused.IsTransient);
            Assert.Contains("missing", refused.Message, StringComparison.Ordinal);
        }
        await client.CheckAsync(Bus.Queue, Stop); // and the others go on
    }

    [Fact]
    public async Task TooLargeMessage_IsRefused_AndTheNextOneIsNot()
    {
        await using Bus bus = await Bus.StartAsync(maxMessageBytes: 10_000);
        AmqpServiceBusClient client = bus.Client();
        ServiceBusException refused = await Assert.ThrowsAsync<ServiceBusException>(
            () => client.SendAsync(Bus.Queue, [Bus.Message("large") with { Body = new byte[20_000] }], Stop));
        Assert.False(refused.IsTransient);
        await client.SendAsync(Bus.Queue, [Bus.Message("small")], Stop);
    }

    [Theory]
    [InlineData("text", "text")]
    [InlineData(null, null)]
    public async Task BodiesThatAreNoBytes_AreReadWhereTheyAreText(string? sent, string? expected)
    {
        await using Bus bus = await Bus.StartAsync();
        await SendRawAsync(bus, new Message { BodySection = new AmqpValue { Value = (object?)sent ?? 42 } }.Encode());
        ReceivedMessage received = Assert.Single(await bus.Client().ReceiveAsync(Bus.Queue, 1, Wait, Stop));
        Assert.Equal(expected, received.Body is { } body ? System.Text.Encoding.UTF8.GetString(body.Span) : null);
    }

    [Fact]
    public async Task UndecodableMessage_IsTold_AndDoesNotHideItsNeighbours()
    {
        await using Bus bus = await Bus.StartAsync();
        AmqpServiceBusClient client = bus.Client();
        await client.SendAsync(Bus.Queue, [Bus.Message("first")], Stop);
        ByteBuffer broken = new Message
        {
            Properties = new Properties { MessageId = "broken" },
            BodySection = new Data { Binary = [] },
            Footer = new Footer { [(Symbol)"signed-1"] = true, [(Symbol)"signed-2"] = true },
        }.Encode();
        broken.Buffer[broken.Buffer.AsSpan().LastIndexOf("signed-"u8) + 7] = broken.Buffer[broken.Buffer.AsSpan().IndexOf("signed-"u8) + 7]; // one name twice
        await SendRawAsync(bus, broken);
        await client.SendAsync(Bus.Queue, [Bus.Message("last")], Stop);

        Assert.Equal(["first", "broken", "last"], (await client.PeekAsync(Bus.Queue, 0, 10, Stop)).Select(message => message.MessageId));
        Assert.Equal("first", Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)).MessageId);
        await Assert.ThrowsAsync<UnreadableMessageException>(() => client.ReceiveAsync(Bus.Queue, 1, Wait, Stop));
        Assert.Equal("last", Assert.Single(await client.ReceiveAsync(Bus.Queue, 1, Wait, Stop)).MessageId);
    }

    private static async Task SendRawAsync(Bus bus, ByteBuffer message)
    {
        Connection connection = await Connection.Factory.CreateAsync(new Address($"amqp://RootManageSharedAccessKey:SAS_KEY_VALUE@127.0.0.1:{bus.Server.Port}"));
        byte[] content = message.Buffer.AsSpan(message.Offset, message.Length).ToArray();
        await new SenderLink(new Session(connection), "raw", Bus.Queue).SendAsync(new Message { Format = 0x80013700, BodySection = new Data { Binary = content } });
        await connection.CloseAsync();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
