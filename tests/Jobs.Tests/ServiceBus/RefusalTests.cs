using System.Text;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;

namespace HrNetBatch.Jobs.Tests.ServiceBus;

/// <summary>What the broker refuses, and what came in another form than ours.</summary>
public sealed class RefusalTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task UnknownQueue_IsNamed()
    {
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        foreach (Func<Task> use in new Func<Task>[]
        {
            () => client.SendAsync("missing", [Bus.Message("x")], Stop),
            () => client.ReceiveAsync("missing", 1, Wait, Stop),
            () => client.PeekAsync("missing", 0, 1, Stop),
            () => client.CheckAsync("missing", Stop),
        })
        {
            MessageBusException refused = await Assert.ThrowsAsync<MessageBusException>(use);
            Assert.False(refused.IsTransient);
            Assert.Contains("missing", refused.Message, StringComparison.Ordinal);
            Assert.Contains("correct its name", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', refused.Message);
        }
        await client.CheckAsync(Bus.Queue, Stop); // and the others go on
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TooLargeMessage_IsRefusedByName_AndTheNextOneIsNot(bool isAmongOthers)
    {
        await using Bus bus = await Bus.StartAsync(maxMessageBytes: 10_000);
        MessageBus client = bus.Client();
        ServiceBusMessage large = new(new byte[20_000]) { MessageId = "large" };
        ServiceBusMessage[] sent = isAmongOthers ? [Bus.Message("before"), large, Bus.Message("after")] : [large];

        MessageBusException refused = await Assert.ThrowsAsync<MessageBusException>(() => client.SendAsync(Bus.Queue, sent, Stop));

        Assert.False(refused.IsTransient);
        Assert.Contains("message large", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Send less in one message", refused.Message, StringComparison.Ordinal);
        await client.SendAsync(Bus.Queue, [Bus.Message("small")], Stop);
    }

    [Fact]
    public async Task BodiesOfEveryForm_AreReadWhereTheyAreTextOrBytes()
    {
        (AmqpMessageBody Sent, string? Expected)[] bodies =
        [
            (AmqpMessageBody.FromValue("text"), "text"),
            (AmqpMessageBody.FromValue("bytes"u8.ToArray()), "bytes"),
            (AmqpMessageBody.FromValue(42), null),
            (AmqpMessageBody.FromSequence([[1, "two"]]), null),
            (AmqpMessageBody.FromData([Encoding.UTF8.GetBytes("in two "), Encoding.UTF8.GetBytes("sections")]), "in two sections"),
        ];
        await using Bus bus = await Bus.StartAsync();
        MessageBus client = bus.Client();
        foreach ((AmqpMessageBody sent, _) in bodies)
        {
            ServiceBusMessage message = new();
            message.GetRawAmqpMessage().Body = sent;
            await client.SendAsync(Bus.Queue, [message], Stop);
        }

        IReadOnlyList<ServiceBusReceivedMessage> received = await client.ReceiveAsync(Bus.Queue, bodies.Length, Wait, Stop);

        Assert.Equal(bodies.Select(body => body.Expected), received
            .Select(message => AmqpBody.Bytes(message.GetRawAmqpMessage()) is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
