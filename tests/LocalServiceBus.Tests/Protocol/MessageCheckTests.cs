using Amqp;
using Amqp.Framing;
using Amqp.Types;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;

namespace HrNetBatch.LocalServiceBus.Tests.Protocol;

public sealed class MessageCheckTests
{
    private static readonly byte[] Properties = Encode(new Properties { MessageId = "m" });
    private static readonly byte[] Body = Encode(new Data { Binary = [1, 2] });
    private static readonly byte[] Value = Encode(new AmqpValue { Value = "text" });
    private static readonly byte[] Unknown = [0, 0x53, 0x79, 0xc1, 1, 0];

    [Fact]
    public void AllSections_InOrder_AreTaken() => MessageCheck.ThrowIfUndecodable(
    [
        .. Encode(new Header { Durable = true }), .. Encode(new DeliveryAnnotations { [(Symbol)"a"] = 1 }),
            .. Encode(new MessageAnnotations { [(Symbol)"b"] = 2 }),
        .. Properties, .. Encode(new ApplicationProperties { ["c"] = 3, ["d"] = null, ["e"] = new byte[] { 1 } }), .. Body, .. Body,
        .. Encode(new Footer { [(Symbol)"f"] = 4 }),
    ]);

    [Fact]
    public void AMessageWithoutABody_IsTaken() => MessageCheck.ThrowIfUndecodable(Properties);

    [Fact]
    public void AnUnknownSectionAfterTheBody_IsRefused() => AssertRefused("unknown kind (0x79)", [.. Body, .. Unknown]);

    [Fact]
    public void BytesAfterTheBody_AreRefused() => AssertRefused("is no section", [.. Body, 0xff]);

    [Fact]
    public void ABareValueAfterTheBody_IsRefused() => AssertRefused("is no section", [.. Body, 0x40]);

    [Fact]
    public void ASectionThatIsCutOff_IsRefused() => AssertRefused("cut off", Body[..^1]);

    [Fact]
    public void SectionsOutOfOrder_AreRefused() => AssertRefused("'properties' cannot follow a section 'data'", [.. Body, .. Properties]);

    [Fact]
    public void ASectionTwice_IsRefused() => AssertRefused("'properties' cannot follow a section 'properties'",
        [.. Properties, .. Properties]);

    [Fact]
    public void TwoKindsOfBody_AreRefused() => AssertRefused("'value' cannot follow a section 'data'", [.. Body, .. Value]);

    [Fact]
    public void TwoValues_AreRefused() => AssertRefused("'value' cannot follow a section 'value'", [.. Value, .. Value]);

    [Fact]
    public void ADataSectionThatHoldsAString_IsRefused() => AssertRefused("'data' holds a value of the wrong type",
        [0, 0x53, 0x75, 0xa1, 1, (byte)'x']);

    [Fact]
    public void ApplicationPropertiesThatAreAList_AreRefused() => AssertRefused("'application properties' holds", [0, 0x53, 0x74, 0x45]);

    [Fact]
    public void AnApplicationPropertyThatHoldsAMap_IsRefused() =>
        AssertRefused("'a' holds a value", Encode(new ApplicationProperties { ["a"] = new Map { ["b"] = 1 } }));

    [Fact]
    public void AnApplicationPropertyWithoutAName_IsRefused() =>
        AssertRefused("is no string", [0, 0x53, 0x74, 0xc1, 5, 2, 0x54, 1, 0x54, 2]);

    [Fact]
    public void ATimespanThatIsNoNumber_IsRefused() => AssertRefused(
        "'a' holds a value", Encode(new ApplicationProperties { ["a"] = new DescribedValue((Symbol)"com.microsoft:timespan", "x") }));

    [Fact]
    public void AMapWithAKeyWithoutAValue_IsRefused() => AssertRefused("'value'", [0, 0x53, 0x77, 0xc1, 3, 1, 0x54, 1]);

    [Fact]
    public void AMapWithTheSameKeyTwice_IsRefused() => AssertRefused("'value'",
        [0, 0x53, 0x77, 0xc1, 9, 4, 0x54, 1, 0x54, 1, 0x54, 1, 0x54, 2]);

    [Fact]
    public void AMemberOfABatch_IsCheckedToo()
    {
        byte[] batch = [.. Encode(new Data { Binary = Body }), .. Encode(new Data { Binary = [.. Body, .. Unknown] })];
        BrokerException refused = Assert.Throws<BrokerException>(() => MessageReader.Read(batch, MessageReader.BatchFormat));
        Assert.Contains("unknown kind", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABatchWithAnotherBody_IsRefused() => Assert.Throws<BrokerException>(() =>
        MessageReader.Read(Value, MessageReader.BatchFormat));

    [Fact]
    public void TheProperties_ThatAnSdkPutsOnABatch_AreNoMessage() =>
        Assert.Single(MessageReader.Read([.. Properties, .. Encode(new Data { Binary = Body })], MessageReader.BatchFormat));

    private static void AssertRefused(string why, byte[] message)
    {
        BrokerException refused = Assert.Throws<BrokerException>(() => MessageReader.Read(message, 0));
        Assert.Equal(Refusal.InvalidArgument, refused.Reason);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    private static byte[] Encode(object section)
    {
        var buffer = new ByteBuffer(64, autoGrow: true);
        Encoder.WriteObject(buffer, section);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }
}
