using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using HrNetBatch.Model.Checkpoints.Zip;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Writes checkpoints that torch.save never would: a pickle by hand in a zip archive with one storage of ten floats.</summary>
internal static class HostileFile
{
    public const string FloatStorage = "ctorch\nFloatStorage\n";

    /// <summary>('storage', torch.FloatStorage, '0', 'cpu', 10) as a persistent id.</summary>
    public static byte[] Storage(long count = 10) => Join("("u8, Text("storage"), Encoding.ASCII.GetBytes(FloatStorage), Text("0"), Text("cpu"), Integer(count), "tQ"u8);

    /// <summary>A tensor of the storage with any offset, sizes and strides.</summary>
    public static byte[] Tensor(long offset, long[] sizes, long[] strides, long count = 10) =>
        Join("ctorch._utils\n_rebuild_tensor_v2\n("u8, Storage(count), Integer(offset), Tuple(sizes), Tuple(strides), [0x89], "}tR"u8);

    public static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return Join("X"u8, BitConverter.GetBytes(bytes.Length), bytes);
    }

    public static byte[] Integer(long value)
    {
        byte[] bytes = new byte[10];
        bytes[0] = 0x8a;
        bytes[1] = 8;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2), value);
        return bytes;
    }

    public static byte[] Tuple(params long[] values) => Join("("u8, [.. values.SelectMany(Integer)], "t"u8);

    /// <summary>A dictionary of one entry "w".</summary>
    public static byte[] StateDict(byte[] value) => Join("}"u8, Text("w"), value, "s"u8);

    public static byte[] Zip(byte[] pickleBody, string dataName = "data/0", string pickleName = "data.pkl", int dataBytes = 40)
    {
        using var stream = new MemoryStream();
        var zip = new ZipWriter(stream);
        byte[] data = new byte[dataBytes];
        Add(zip, "archive/" + pickleName, Join([0x80, 2], pickleBody, "."u8));
        Add(zip, "archive/" + dataName, data);
        zip.Finish();
        return stream.ToArray();
    }

    public static byte[] Join(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c = default, ReadOnlySpan<byte> d = default,
        ReadOnlySpan<byte> e = default, ReadOnlySpan<byte> f = default, ReadOnlySpan<byte> g = default) => [.. a, .. b, .. c, .. d, .. e, .. f, .. g];

    private static void Add(ZipWriter zip, string name, byte[] bytes) => zip.Add(name, Crc32.HashToUInt32(bytes), bytes.Length, [bytes]);
}
