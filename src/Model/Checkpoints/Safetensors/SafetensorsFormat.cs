using System.Buffers.Binary;
using System.Globalization;

namespace HrNetBatch.Model.Checkpoints.Safetensors;

/// <summary>safetensors: the header's length in 8 bytes, the header in JSON, then the tensors' bytes one after the other, little-endian.</summary>
internal static class SafetensorsFormat
{
    /// <summary>The longest header that is read; the widest network's has a quarter of a megabyte.</summary>
    public const int HeaderBytes = 16 * 1024 * 1024;

    private const int LengthBytes = 8;

    /// <summary>Whether a file that begins so calls itself safetensors: its header, after the length, is a JSON object.</summary>
    public static bool Claims(ReadOnlySpan<byte> start) => start.Length > LengthBytes && start[LengthBytes] == (byte)'{';

    /// <summary>Reads and checks the header.</summary>
    public static SafetensorsContent Open(Stream stream)
    {
        stream.Position = 0;
        Span<byte> lengthBytes = stackalloc byte[LengthBytes];
        stream.ReadExactly(lengthBytes);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (length > HeaderBytes)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"it begins like safetensors, but its header claims {length} bytes; at most {HeaderBytes} are read"));
        if (length > (ulong)(stream.Length - LengthBytes))
            throw new InvalidDataException("its safetensors header is longer than the file: it is cut short, copy or download it again");
        byte[] json = new byte[length];
        stream.ReadExactly(json);
        SafetensorsHeader header = SafetensorsHeader.Parse(json);
        RefuseGaps(header, stream.Length - LengthBytes - (long)length);
        return new SafetensorsContent(stream, LengthBytes + (long)length, header);
    }

    /// <summary>All data belongs to exactly one tensor: overlaps would let two tensors share bytes, gaps would hide some.</summary>
    private static void RefuseGaps(SafetensorsHeader header, long dataBytes)
    {
        long end = 0;
        foreach (SafetensorsEntry entry in header.Entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != end)
                throw new InvalidDataException($"the data of tensor '{entry.Name}' {(entry.Begin < end ? "overlaps" : "leaves a gap")} with what stands before it");
            end = entry.End;
        }
        if (end != dataBytes)
            throw new InvalidDataException(end > dataBytes
                ? "its tensors reach past the end of the file: it is cut short, copy or download it again"
                : string.Create(CultureInfo.InvariantCulture, $"it goes on for {dataBytes - end} bytes after its last tensor: the file is damaged or holds something else"));
    }
}
