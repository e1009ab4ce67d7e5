using System.Text;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Programs for the pickle interpreter that no pickler writes: every opcode it knows, in any order.</summary>
internal static class RandomPickle
{
    private static readonly string[] Globals =
    [
        "collections\nOrderedDict\n", "collections\nCounter\n", "argparse\nNamespace\n", "torch\nSize\n", "torch\ndevice\n", "torch\nFloatStorage\n",
        "torch\nLongStorage\n", "torch._utils\n_rebuild_tensor_v2\n", "torch._utils\n_rebuild_parameter\n", "os\nsystem\n",
    ];

    private static readonly byte[] Bare = [.. "N()]}tRbQasu0eh."u8, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x93, 0x94];

    /// <summary>The body of a pickle, without its protocol and its STOP.</summary>
    public static byte[] Of(Random random)
    {
        using var program = new MemoryStream();
        for (int length = random.Next(1, 40); length > 0; length--)
            program.Write(Piece(random));
        return program.ToArray();
    }

    private static byte[] Piece(Random random) => random.Next(12) switch
    {
        0 => [(byte)'c', .. Encoding.ASCII.GetBytes(Globals[random.Next(Globals.Length)])],
        1 => HostileFile.Text(random.Next(2) == 0 ? "storage" : "w"),
        2 => HostileFile.Integer(random.NextInt64(-2, 12)),
        3 => HostileFile.Integer(random.NextInt64(long.MinValue, long.MaxValue)),
        4 => HostileFile.Storage(random.Next(4) == 0 ? random.NextInt64() : 10),
        5 => HostileFile.Tensor(random.NextInt64(0, 6), [random.NextInt64(0, 4), random.NextInt64(0, 4)], [random.NextInt64(0, 4), 1]),
        6 => HostileFile.StateDict(HostileFile.Tensor(0, [random.NextInt64(1, 9)], [1])),
        7 => [(byte)(random.Next(2) == 0 ? 'q' : 'h'), (byte)random.Next(4)],
        8 => [(byte)(random.Next(2) == 0 ? 'r' : 'j'), .. BitConverter.GetBytes(random.Next(4))],
        _ => [Bare[random.Next(Bare.Length)]],
    };
}
