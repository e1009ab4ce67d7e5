using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace HrNetBatch.Model.Tests.Data.Tar;

/// <summary>Tars put together block by block, for what no writer at hand writes.</summary>
internal static class TarBytes
{
    public static readonly byte[] End = new byte[1024];

    /// <summary>A header in ustar's format with a right checksum.</summary>
    public static byte[] Header(string name, char type, long size, Action<byte[]>? edit = null)
    {
        var block = new byte[512];
        Encoding.UTF8.GetBytes(name).CopyTo(block, 0);
        Octal(block, 100, 8, 0x1A4);
        Octal(block, 108, 8, 0);
        Octal(block, 116, 8, 0);
        Octal(block, 124, 12, size);
        Octal(block, 136, 12, 0);
        block[156] = (byte)type;
        "ustar\000"u8.CopyTo(block.AsSpan(257));
        edit?.Invoke(block);
        block.AsSpan(148, 8).Fill((byte)' ');
        Octal(block, 148, 7, block.Sum(value => (long)value));
        return block;
    }

    /// <summary>A header with content behind it.</summary>
    public static byte[] Member(string name, byte[] content, char type = '0', Action<byte[]>? edit = null) =>
        [.. Header(name, type, content.Length, edit), .. content, .. new byte[(512 - content.Length % 512) % 512]];

    /// <summary>A PAX header.</summary>
    public static byte[] Pax(params (string Keyword, string Value)[] records) => Member("PaxHeader", [.. records.SelectMany(Record)], 'x');

    /// <summary>A number in GNU's binary form.</summary>
    public static void Binary(byte[] block, int at, int length, long number)
    {
        block.AsSpan(at, length).Clear();
        BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(at + length - 8), number);
        block[at] |= 0x80;
    }

    public static void Octal(byte[] block, int at, int length, long number) =>
        Encoding.ASCII.GetBytes(Convert.ToString(number, 8).PadLeft(length - 1, '0') + "\0").CopyTo(block, at);

    private static byte[] Record((string Keyword, string Value) record)
    {
        int rest = Encoding.UTF8.GetByteCount($" {record.Keyword}={record.Value}\n"), length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
            length++;
        return Encoding.UTF8.GetBytes($"{length} {record.Keyword}={record.Value}\n");
    }
}
