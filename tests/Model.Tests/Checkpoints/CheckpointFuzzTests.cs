using System.Diagnostics;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Model.Tests.Checkpoints;

public sealed class CheckpointFuzzTests
{
    private const int MutationCount = 150;

    public static TheoryData<string> Names => [.. GoldenFiles.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_GivesACheckpointOrItsOwnException_WhateverIsChanged(string name)
    {
        byte[] golden = GoldenFiles.Bytes(name);
        var random = new Random(name.Length * 1000 + name[0]);
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < MutationCount; i++)
        {
            byte[] mutated = Mutate(golden, random);
            try
            {
                GoldenFiles.Read(mutated, name).Dispose();
            }
            catch (CheckpointException)
            {
                // What a damaged file should end in.
            }
            catch (Exception e)
            {
                Assert.Fail($"Mutation {i} of {name} ended in {e}");
            }
        }
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 60);
    }

    private static byte[] Mutate(byte[] golden, Random random)
    {
        byte[] bytes = [.. golden];
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Length);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.AsSpan(at, Math.Min(random.Next(1, 9), bytes.Length - at)).Fill(random.Next(2) == 0 ? (byte)0xff : (byte)0);
                    break;
                case 3:
                    int length = Math.Min(random.Next(1, 32), bytes.Length - at);
                    bytes.AsSpan(random.Next(bytes.Length - length + 1), length).CopyTo(bytes.AsSpan(at));
                    break;
                default:
                    bytes = random.Next(4) == 0 ? bytes[..Math.Max(at, 1)] : [.. bytes[..at], .. bytes[random.Next(at + 1)..]];
                    break;
            }
        }
        return bytes;
    }
}
