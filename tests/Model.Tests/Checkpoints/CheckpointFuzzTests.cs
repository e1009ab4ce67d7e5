using System.Text;
using HrNetBatch.Model.Checkpoints.Zip;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Real files changed at random, with fixed seeds: each is read, or refused with the reader's own exception, in bounded time and memory.</summary>
public sealed class CheckpointFuzzTests
{
    private const int MutationCount = 150;

    public static TheoryData<string> Names => [.. GoldenFiles.Names];

    public static TheoryData<string> ZipNames => [.. GoldenFiles.Names.Where(name => name.EndsWith(".zip.pth", StringComparison.Ordinal))];

    public static TheoryData<string> SafetensorsNames => [.. GoldenFiles.Names.Where(name => name.EndsWith(".safetensors", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_GivesACheckpointOrItsOwnException_WhateverIsChanged(string name)
    {
        byte[] golden = GoldenFiles.Bytes(name);
        var random = new Random(name.Length * 1000 + name[0]);
        for (int i = 0; i < MutationCount; i++)
            BoundedReading.Try(Mutation.Of(golden, random), $"mutation {i} of {name}");
    }

    /// <summary>A CRC stops nearly every change of a zip's entries. Here the archive is right and its pickle is not, so that the interpreter meets it.</summary>
    [Theory]
    [MemberData(nameof(ZipNames))]
    public void Read_GivesACheckpointOrItsOwnException_WhateverAPickleSays(string name)
    {
        byte[] golden = GoldenFiles.Bytes(name);
        var random = new Random(name.Length * 2000 + name[0]);
        int readCount = 0;
        for (int i = 0; i < 2 * MutationCount; i++)
            readCount += BoundedReading.Try(WithPickle(golden, pickle => Mutation.Of(pickle, random)), $"pickle {i} of {name}") ? 1 : 0;
        Assert.InRange(readCount, 1, 2 * MutationCount - 1); // neither a fuzzer that changes nothing nor one that never gets past the archive
    }

    /// <summary>The header's length is put right after each change, so that the changes reach the JSON and the offsets.</summary>
    [Theory]
    [MemberData(nameof(SafetensorsNames))]
    public void Read_GivesACheckpointOrItsOwnException_WhateverAHeaderSays(string name)
    {
        byte[] golden = GoldenFiles.Bytes(name);
        int headerLength = BitConverter.ToInt32(golden);
        var random = new Random(name.Length * 3000 + name[0]);
        int readCount = 0;
        for (int i = 0; i < 4 * MutationCount; i++)
        {
            byte[] header = Mutation.OfText(golden[8..(8 + headerLength)], random);
            readCount += BoundedReading.Try([.. BitConverter.GetBytes((long)header.Length), .. header, .. golden[(8 + headerLength)..]], $"header {i} of {name}: {Encoding.UTF8.GetString(header)}") ? 1 : 0;
        }
        Assert.InRange(readCount, 1, 4 * MutationCount - 1);
    }

    /// <summary>Opcodes strung together at random, half of them with operands that make sense.</summary>
    [Fact]
    public void Read_GivesACheckpointOrItsOwnException_WhateverAProgramDoes()
    {
        var random = new Random(20190701);
        for (int i = 0; i < 3000; i++)
            BoundedReading.Try(HostileFile.Zip(RandomPickle.Of(random)), $"program {i}");
    }

    private static byte[] WithPickle(byte[] golden, Func<byte[], byte[]> change)
    {
        using var source = new MemoryStream(golden);
        ZipDirectory directory = ZipDirectory.Read(source);
        using var target = new MemoryStream();
        var zip = new ZipWriter(target);
        foreach (ZipEntry entry in directory.Entries.Values)
        {
            byte[] bytes = new byte[entry.LengthBytes];
            directory.Read(entry, [bytes]);
            if (entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal))
                bytes = change(bytes);
            zip.Add(entry.Name, System.IO.Hashing.Crc32.HashToUInt32(bytes), bytes.Length, [bytes]);
        }
        zip.Finish();
        return target.ToArray();
    }
}
