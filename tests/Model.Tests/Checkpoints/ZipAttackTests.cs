using System.Buffers.Binary;
using HrNetBatch.Model.Checkpoints;
using static HrNetBatch.Model.Tests.Checkpoints.HostileFile;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Archives whose two descriptions of an entry differ, whose entries share bytes, or whose directory lies about sizes.</summary>
public sealed class ZipAttackTests
{
    // Two entries, archive/data.pkl and archive/data/0, each described by a local header and by the directory.
    private static readonly byte[] Honest = Zip(StateDict(Tensor(0, [1], [1])));

    [Fact]
    public void Read_TakesTheHonestArchive() => GoldenFiles.Read(Honest).Dispose();

    [Theory]
    [InlineData(6, 1)]  // encrypted
    [InlineData(8, 8)]  // deflated
    [InlineData(36, 'x')] // another name
    public void Read_RefusesALocalHeader_ThatDisagreesWithTheDirectory(int offset, byte value) =>
        Assert.Contains("described in two ways", Refusal(Changed(Local(1) + offset, [value])), StringComparison.Ordinal);

    [Theory]
    [InlineData(8, 1)]
    [InlineData(10, 8)]
    public void Read_RefusesPackedEntries(int offset, byte value) =>
        Assert.Contains("compressed or encrypted", Refusal(Changed(Central(0) + offset, [value])), StringComparison.Ordinal);

    [Fact]
    public void Read_RefusesEntriesThatShareBytes()
    {
        // The storage's entry begins where the pickle's does; or a few bytes inside it.
        Assert.Contains("overlaps", Refusal(Changed(OffsetField(1), BitConverter.GetBytes(0L))), StringComparison.Ordinal);
        Assert.Contains("overlaps", Refusal(Changed(OffsetField(1), BitConverter.GetBytes(40L))), StringComparison.Ordinal);
        // A local header whose extra field reaches into the next entry moves the data there.
        Assert.Contains("reaches into what follows", Refusal(Changed(Local(0) + 28, [0xff, 0x00])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10_000_000_000)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void Read_RefusesEntriesLargerThanTheFile(long length)
    {
        byte[] bytes = BitConverter.GetBytes(length);
        Assert.Contains("lies outside the file", Refusal(Changed(OffsetField(1) - 16, [.. bytes, .. bytes])), StringComparison.Ordinal);
        Assert.Contains("lies outside the file", Refusal(Changed(OffsetField(1), bytes)), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RefusesADirectoryOutsideTheFile_OrTooLarge()
    {
        int record = Honest.AsSpan().IndexOf("PK\x06\x06"u8);
        foreach (long value in new[] { -1L, long.MaxValue, 10_000_000_000, Honest.Length })
        {
            Assert.Contains("directory lies outside the file", Refusal(Changed(record + 40, BitConverter.GetBytes(value))), StringComparison.Ordinal);
            Assert.Contains("directory lies outside the file", Refusal(Changed(record + 48, BitConverter.GetBytes(value))), StringComparison.Ordinal);
            Assert.Contains("outside the file", Refusal(Changed(Honest.AsSpan().IndexOf("PK\x06\x07"u8) + 8, BitConverter.GetBytes(value))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_RefusesTwoEntriesOfOneName() =>
        Assert.Contains("appears twice", Refusal(Zip(StateDict(Tensor(0, [1], [1])), dataName: "data.pkl")), StringComparison.Ordinal);

    [Fact]
    public void Read_RefusesTwoCheckpointsInOneArchive() =>
        Assert.Contains("exactly one entry NAME/data.pkl", Refusal(Zip(StateDict(Tensor(0, [1], [1])), dataName: "../other/data.pkl", pickleName: "x")), StringComparison.Ordinal);

    private static int Local(int index) => Find("PK\x03\x04"u8, index);

    private static int Central(int index) => Find("PK\x01\x02"u8, index);

    // The directory's zip64 field ends with: length, stored length, offset.
    private static int OffsetField(int index)
    {
        int header = Central(index);
        return header + 46 + BinaryPrimitives.ReadUInt16LittleEndian(Honest.AsSpan(header + 28)) + 4 + 16;
    }

    private static int Find(ReadOnlySpan<byte> signature, int index)
    {
        int at = Honest.AsSpan().IndexOf(signature);
        while (index-- > 0)
            at += 4 + Honest.AsSpan(at + 4).IndexOf(signature);
        return at;
    }

    private static byte[] Changed(int at, byte[] bytes)
    {
        byte[] file = [.. Honest];
        bytes.CopyTo(file, at);
        return file;
    }

    private static string Refusal(byte[] file) => Assert.Throws<CheckpointException>(() => GoldenFiles.Read(file)).Message;
}
