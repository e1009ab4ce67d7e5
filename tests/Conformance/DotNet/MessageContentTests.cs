using System.Collections;
using Azure.Core.Amqp;
using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class MessageContentTests
{
    private static readonly DateTimeOffset When = new(2026, 5, 17, 12, 30, 15, 250, TimeSpan.Zero);

    public static TheoryData<string, object> PropertyValues => new()
    {
        { "bool", true }, { "byte", (byte)200 }, { "sbyte", (sbyte)-5 }, { "short", (short)-300 }, { "ushort", (ushort)60000 },
        { "int", -70000 }, { "uint", 4000000000 }, { "long", long.MinValue }, { "ulong", ulong.MaxValue }, { "float", 1.5f },
        { "double", Math.PI }, { "decimal", 79228162514264337.593543950335m }, { "char", 'ß' }, { "string", "größe 大 🙂" },
            { "empty string", "" },
        { "guid", new Guid("0f8fad5b-d9cb-469f-a165-70867728950e") }, { "timespan", TimeSpan.FromTicks(123456789) },
            { "datetimeoffset", When },
        { "datetime", When.UtcDateTime }, { "uri", new Uri("https://example.org/a?b=c") },
    };

    public static TheoryData<string, object> BodyValues => new()
    {
        { "string", "text" }, { "int", 42 }, { "long", long.MaxValue }, { "double", 0.1 }, { "bool", true }, { "guid", Guid.Empty },
        { "list", new List<object> { 1, "two", 3.0 } }, { "map", new Dictionary<string, object> { ["a"] = 1, ["b"] = "x" } },
        { "bytes", new byte[] { 0, 255, 1 } }, { "date", When.UtcDateTime },
    };

    [Fact]
    public async Task SystemProperties_ArriveAsTheyWereSent()
    {
        ServiceBusReceivedMessage message = await RoundTripAsync(new ServiceBusMessage("body")
        {
            MessageId = "id",
            CorrelationId = "correlation",
            Subject = "subject",
            ContentType = "application/json",
            To = "to",
            ReplyTo = "reply",
            ReplyToSessionId = "reply-session",
            PartitionKey = "partition",
            TransactionPartitionKey = "via",
            TimeToLive = TimeSpan.FromMinutes(10),
        });
        Assert.Equal("body", message.Body.ToString());
        Assert.Equal(("id", "correlation", "subject", "application/json"),
            (message.MessageId, message.CorrelationId, message.Subject, message.ContentType));
        Assert.Equal(("to", "reply", "reply-session"), (message.To, message.ReplyTo, message.ReplyToSessionId));
        Assert.Equal(("partition", "via"), (message.PartitionKey, message.TransactionPartitionKey));
        Assert.Equal(TimeSpan.FromMinutes(10), message.TimeToLive);
        Assert.Null(message.SessionId);
    }

    [Fact]
    public async Task TheBroker_SaysWhatItKnowsOfAMessage()
    {
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        ServiceBusReceivedMessage message = await RoundTripAsync(new ServiceBusMessage("body"));
        Assert.Equal((1, 1, 1), (message.SequenceNumber, message.EnqueuedSequenceNumber, message.DeliveryCount));
        Assert.InRange(message.EnqueuedTime, before.AddSeconds(-1), TimeProvider.System.GetUtcNow().AddSeconds(1));
        Assert.InRange(message.LockedUntil, before.AddSeconds(59), before.AddSeconds(90));
        Assert.Equal(ServiceBusMessageState.Active, message.State);
        Assert.NotEqual(Guid.Empty, new Guid(message.LockToken));
        Assert.Null(message.DeadLetterSource);
        Assert.Equal(TimeSpan.MaxValue, message.TimeToLive);
    }

    [Fact]
    public async Task AMessageWithoutAnId_GetsOne() => Assert.NotEmpty((await RoundTripAsync(new ServiceBusMessage("x"))).MessageId);

    [Theory]
    [MemberData(nameof(PropertyValues))]
    public async Task AnApplicationProperty_KeepsItsTypeAndValue(string type, object value)
    {
        ServiceBusReceivedMessage message = await RoundTripAsync(new ServiceBusMessage("x") { ApplicationProperties = { [type] = value } });
        Assert.Equal(value, message.ApplicationProperties[type]);
        Assert.Equal(value.GetType(), message.ApplicationProperties[type].GetType());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(70_000)]
    public async Task ABodyOfBytes_ArrivesAsItWasSent(int length)
    {
        byte[] body = [.. Enumerable.Range(0, length).Select(index => (byte)index)];
        ServiceBusReceivedMessage message = await RoundTripAsync(new ServiceBusMessage(body));
        Assert.Equal(body, message.Body.ToArray());
        Assert.Equal(AmqpMessageBodyType.Data, message.GetRawAmqpMessage().Body.BodyType);
    }

    [Theory]
    [MemberData(nameof(BodyValues))]
    public async Task ABodyThatIsAnAmqpValue_ArrivesAsItWasSent(string type, object value)
    {
        var sent = new ServiceBusMessage();
        sent.GetRawAmqpMessage().Body = AmqpMessageBody.FromValue(value);
        ServiceBusReceivedMessage message = await RoundTripAsync(sent);
        Assert.True(message.GetRawAmqpMessage().Body.TryGetValue(out object? received), type);
        if (value is IDictionary map) Assert.Equal(map.Count, Assert.IsAssignableFrom<IDictionary>(received).Count);
        else Assert.Equal(value, received);
    }

    [Fact]
    public async Task ABodyOfSequences_ArrivesAsItWasSent()
    {
        var sent = new ServiceBusMessage();
        IList<object>[] sequences = [[1, "two"], [3L]];
        sent.GetRawAmqpMessage().Body = AmqpMessageBody.FromSequence(sequences);
        Assert.True((await RoundTripAsync(sent)).GetRawAmqpMessage().Body.TryGetSequence(out IEnumerable<IList<object>>? received));
        Assert.Equal(sequences, received);
    }

    [Fact]
    public async Task ABodyOfSeveralDataSections_ArrivesWhole()
    {
        var sent = new ServiceBusMessage();
        sent.GetRawAmqpMessage().Body = AmqpMessageBody.FromData([new byte[] { 1, 2 }, new byte[] { 3 }]);
        ServiceBusReceivedMessage message = await RoundTripAsync(sent);
        Assert.True(message.GetRawAmqpMessage().Body.TryGetData(out IEnumerable<ReadOnlyMemory<byte>>? received));
        Assert.Equal([1, 2, 3], received!.SelectMany(part => part.ToArray()));
    }

    [Fact]
    public async Task RawSections_ArriveAsTheyWereSent()
    {
        var sent = new ServiceBusMessage("x");
        AmqpAnnotatedMessage raw = sent.GetRawAmqpMessage();
        (raw.Header.Durable, raw.Header.Priority) = (true, 7);
        raw.MessageAnnotations["x-opt-mine"] = "annotation";
        raw.Footer["x-opt-foot"] = 5;
        raw.Properties.UserId = new byte[] { 1, 2 };
        raw.Properties.GroupSequence = 9;
        raw.Properties.ContentEncoding = "gzip";
        AmqpAnnotatedMessage received = (await RoundTripAsync(sent)).GetRawAmqpMessage();
        Assert.Equal((true, (byte?)7), (received.Header.Durable, received.Header.Priority));
        Assert.Equal("annotation", received.MessageAnnotations["x-opt-mine"]);
        Assert.Equal(5, received.Footer["x-opt-foot"]);
        Assert.Equal([1, 2], received.Properties.UserId!.Value.ToArray());
        Assert.Equal((9u, "gzip"), (received.Properties.GroupSequence, received.Properties.ContentEncoding));
    }

    [Fact]
    public async Task AReceivedMessage_CanBeSentAgain()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(new ServiceBusMessage("x") { MessageId = "m", ApplicationProperties = { ["a"] = 1 } });
        await using ServiceBusReceiver receiver = bus.Receiver();
        await sender.SendMessageAsync(new ServiceBusMessage(await Bus.ReceiveAsync(receiver)));
        ServiceBusReceivedMessage again = await Bus.ReceiveAsync(receiver);
        Assert.Equal(("x", "m", 1, 2L), (again.Body.ToString(), again.MessageId, again.ApplicationProperties["a"], again.SequenceNumber));
    }

    private static async Task<ServiceBusReceivedMessage> RoundTripAsync(ServiceBusMessage message)
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Queue);
        await sender.SendMessageAsync(message);
        return await Bus.ReceiveAsync(bus.Receiver());
    }
}
