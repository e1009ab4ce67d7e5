using Amqp;
using Amqp.Framing;
using Amqp.Types;
using CsCheck;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Protocol.Wire;

namespace HrNetBatch.LocalServiceBus.Tests.Protocol;

public sealed class HostileBytesTests
{
    [Fact]
    public void AFrameOfAnyBytes_IsReadOrRefused()
    {
        byte[][] frames =
        [
            Encode(new Open { ContainerId = "c", OfferedCapabilities = ["a", "b"], Properties = new Fields { [(Symbol)"k"] = 1 } }),
            Encode(new Attach { LinkName = "l", Source = new Source { Address = "q", FilterSet = new Map { [(Symbol)"f"] = "x" } }, Target = new Target() }),
            Encode(new Transfer { Handle = 1, DeliveryTag = [1, 2], State = new Accepted() }),
            Encode(new Flow { Handle = 1, LinkCredit = 5 }),
            Encode(new Dispose { First = 1, State = new Rejected { Error = new Error("e") { Description = "d", Info = new Fields { [(Symbol)"k"] = "v" } } } }),
        ];
        Mutations(frames).Sample(bytes =>
        {
            try
            {
                Performatives.Read(bytes, out _);
            }
            catch (WireException)
            {
                // Refused, as it should be.
            }
        });
    }

    [Fact]
    public void AMessageOfAnyBytes_IsReadOrRefused()
    {
        ByteBuffer whole = new Amqp.Message
        {
            Header = new Header { Ttl = 5 },
            MessageAnnotations = new MessageAnnotations { [(Symbol)"x-opt-partition-key"] = "p" },
            Properties = new Properties { MessageId = "m", GroupId = "s" },
            ApplicationProperties = new ApplicationProperties { ["a"] = 1, ["b"] = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc) },
            BodySection = new Data { Binary = [1, 2, 3] },
        }.Encode();
        Mutations([whole.Buffer.AsSpan(whole.Offset, whole.Length).ToArray()]).Sample(bytes =>
        {
            try
            {
                foreach (uint format in (uint[])[0, MessageReader.BatchFormat]) MessageReader.Read(bytes, format);
            }
            catch (BrokerException refusal)
            {
                Assert.Equal(Refusal.InvalidArgument, refusal.Reason);
            }
        });
    }

    [Theory]
    [InlineData("described values", new byte[] { 0 })]
    [InlineData("lists", new byte[] { 0xd0, 0, 0, 0xff, 0, 0, 0, 0, 1 })]
    [InlineData("maps", new byte[] { 0xd1, 0, 0, 0xff, 0, 0, 0, 0, 2 })]
    [InlineData("arrays", new byte[] { 0xf0, 0, 0, 0xff, 0, 0, 0, 0, 1 })]
    public void AFrameFullOfNestedValues_IsRefused_BeforeItFillsTheStack(string what, byte[] level)
    {
        byte[] nested = [0, 0x53, 0x10, .. Enumerable.Repeat(level, FrameReader.MaxFrameSize / level.Length - 8).SelectMany(bytes => bytes)];
        Assert.False(string.IsNullOrEmpty(Assert.Throws<WireException>(() => Performatives.Read(nested, out _)).Message), what);
    }

    [Theory]
    [InlineData(new byte[] { 0xd0, 0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 0xd0, 0, 0, 0, 8, 0x7f, 0xff, 0xff, 0xff })]
    [InlineData(new byte[] { 0xf0, 0, 0, 0, 8, 0x7f, 0xff, 0xff, 0xff, 0x41 })]
    [InlineData(new byte[] { 0xb0, 0xff, 0xff, 0xff, 0xff })]
    public void AValueThatClaimsToBeHuge_IsRefused_BeforeItTakesMemory(byte[] value) =>
        Assert.Throws<WireException>(() => Performatives.Read([0, 0x53, 0x10, .. value], out _));

    private static Gen<byte[]> Mutations(byte[][] originals) => Gen.Select(
        Gen.OneOf([.. originals.Select(Gen.Const)]), Gen.Select(Gen.Int[0, 400], Gen.Byte).Array[0, 6], Gen.Int[0, 400],
        (original, changes, length) =>
        {
            byte[] bytes = [.. original];
            foreach ((int at, byte value) in changes) bytes[at % bytes.Length] = value;
            return length > 300 ? bytes[..(length % bytes.Length)] : bytes;
        });

    private static byte[] Encode(DescribedList performative)
    {
        var buffer = new ByteBuffer(64, autoGrow: true);
        Encoder.WriteObject(buffer, performative);
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }
}
