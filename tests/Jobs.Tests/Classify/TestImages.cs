using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace HrNetBatch.Jobs.Tests.Classify;

/// <summary>Small PNG images, each of a colour of its own.</summary>
internal static class TestImages
{
    public static byte[] Png(int seed, int width = 40, int height = 36)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2); // 8 bits a channel, RGB

        var data = new MemoryStream();
        using (var zip = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true))
        {
            var row = new byte[1 + (3 * width)];
            for (var x = 0; x < width; x++) (row[1 + (3 * x)], row[2 + (3 * x)], row[3 + (3 * x)]) = ((byte)(seed * 37), (byte)(seed * 91), (byte)(x * 6));
            for (var y = 0; y < height; y++) zip.Write(row);
        }

        var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        WriteChunk(png, "IHDR"u8, header);
        WriteChunk(png, "IDAT"u8, data.ToArray());
        WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void WriteChunk(MemoryStream png, ReadOnlySpan<byte> type, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        byte[] body = [.. type, .. data];
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
        png.Write(number);
    }
}
