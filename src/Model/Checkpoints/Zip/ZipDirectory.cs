using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace HrNetBatch.Model.Checkpoints.Zip;

/// <summary>
/// The directory of a zip archive such as torch.save writes: stored entries only, zip64 or not. Our own, because the platform's reader
/// checks no CRC and would inflate compressed entries that no checkpoint has.
/// </summary>
internal sealed class ZipDirectory
{
    private const int HeaderBytes = 30;
    private const int EndBytes = 22;
    private const int Zip64LocatorBytes = 20;
    private const int MaxDirectoryBytes = 64 * 1024 * 1024;
    private readonly Stream _stream;
    private readonly Dictionary<string, ZipEntry> _entries = new(StringComparer.Ordinal);

    private ZipDirectory(Stream stream) => _stream = stream;

    public IReadOnlyDictionary<string, ZipEntry> Entries => _entries;

    public static ZipDirectory Read(Stream stream)
    {
        var directory = new ZipDirectory(stream);
        (long offset, long length) = directory.FindDirectory();
        if (length > MaxDirectoryBytes || offset < 0 || length < 0 || offset > stream.Length - length)
            throw new InvalidDataException("its zip directory lies outside the file: copy or download it again");
        directory.ReadEntries(directory.ReadAt(offset, (int)length));
        directory.RefuseOverlaps(offset);
        return directory;
    }

    /// <summary>Reads a whole entry into <paramref name="chunks"/>, each filled in turn, and checks its CRC.</summary>
    public void Read(ZipEntry entry, IEnumerable<Memory<byte>> chunks)
    {
        byte[] local = ReadAt(entry.HeaderOffset, HeaderBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != 0x04034b50)
            throw new InvalidDataException($"entry '{entry.Name}' does not begin where the zip directory says: copy or download the file again");
        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(26));
        if (IsPacked(local.AsSpan(6)) || Encoding.UTF8.GetString(ReadAt(entry.HeaderOffset + HeaderBytes, nameLength)) != entry.Name)
            throw new InvalidDataException($"entry '{entry.Name}' is described in two ways, so readers could disagree about it: the file is damaged or made to deceive");
        long start = entry.HeaderOffset + HeaderBytes + nameLength + BinaryPrimitives.ReadUInt16LittleEndian(local.AsSpan(28));
        if (start > entry.LimitOffset - entry.LengthBytes)
            throw new InvalidDataException($"entry '{entry.Name}' reaches into what follows it: copy or download the file again");
        _stream.Position = start;
        var crc = new Crc32();
        foreach (Memory<byte> chunk in chunks)
        {
            _stream.ReadExactly(chunk.Span);
            crc.Append(chunk.Span);
        }
        if (crc.GetCurrentHashAsUInt32() != entry.Crc)
            throw new InvalidDataException($"entry '{entry.Name}' fails its CRC check (the file says {entry.Crc:x8}, the data gives {crc.GetCurrentHashAsUInt32():x8}): the data is damaged, download the file again or ask its publisher");
    }

    private (long Offset, long Length) FindDirectory()
    {
        int tailLength = (int)Math.Min(_stream.Length, EndBytes + ushort.MaxValue);
        byte[] tail = ReadAt(_stream.Length - tailLength, tailLength);
        int end = tail.Length - EndBytes;
        while (end >= 0 && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end)) != 0x06054b50)
            end--;
        if (end < 0)
            throw new InvalidDataException("it begins as a zip archive but has no zip directory: the file is cut short, copy or download it again");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 12));
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(end + 16));

        int locator = end - Zip64LocatorBytes;
        if (locator < 0 || BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(locator)) != 0x07064b50)
            return (offset, length);
        long recordAt = BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(locator + 8));
        byte[] record = ReadAt(recordAt, 56);
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != 0x06064b50)
            throw new InvalidDataException("its zip64 directory is damaged: copy or download it again");
        return (BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(48)), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(40)));
    }

    private void ReadEntries(ReadOnlySpan<byte> directory)
    {
        while (directory.Length > 0)
        {
            if (directory.Length < 46 || BinaryPrimitives.ReadUInt32LittleEndian(directory) != 0x02014b50)
                throw new InvalidDataException("its zip directory is damaged: copy or download it again");
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(directory[30..]);
            int total = 46 + nameLength + extraLength + BinaryPrimitives.ReadUInt16LittleEndian(directory[32..]);
            if (total > directory.Length)
                throw new InvalidDataException("its zip directory is damaged: copy or download it again");
            Add(directory[..46], Encoding.UTF8.GetString(directory.Slice(46, nameLength)), directory.Slice(46 + nameLength, extraLength));
            directory = directory[total..];
        }
    }

    private void Add(ReadOnlySpan<byte> header, string name, ReadOnlySpan<byte> extra)
    {
        if (IsPacked(header[8..]))
        {
            throw new InvalidDataException(
                ZipFormat.IsCheckpointName(name) ? ZipFormat.HoldsCheckpoint(name)
                : name.Contains("/code/", StringComparison.Ordinal) ? ZipFormat.TorchScript
                : $"entry '{name}' is compressed or encrypted, which torch.save never does: somebody packed the archive anew; take the original file, or save it again with torch.save");
        }
        // The zip64 field holds, in this order, only those of the three that the header marks as too large for it.
        ReadOnlySpan<byte> large = Zip64Field(extra);
        long length = Wide(BinaryPrimitives.ReadUInt32LittleEndian(header[24..]), ref large);
        long stored = Wide(BinaryPrimitives.ReadUInt32LittleEndian(header[20..]), ref large);
        long offset = Wide(BinaryPrimitives.ReadUInt32LittleEndian(header[42..]), ref large);
        if (length != stored || length < 0 || offset < 0 || length > _stream.Length || offset > _stream.Length)
            throw new InvalidDataException($"entry '{name}' lies outside the file: copy or download it again");
        if (!_entries.TryAdd(name, new ZipEntry(name, BinaryPrimitives.ReadUInt32LittleEndian(header[16..]), length, offset)))
            throw new InvalidDataException($"entry '{name}' appears twice, so readers could disagree about it");
    }

    /// <summary>Bytes that two entries share would let a small file fill much memory, and mean different things to different readers.</summary>
    private void RefuseOverlaps(long directoryOffset)
    {
        long limit = directoryOffset;
        foreach (ZipEntry entry in _entries.Values.OrderByDescending(entry => entry.HeaderOffset).ToArray())
        {
            if (entry.HeaderOffset > limit - entry.LengthBytes - HeaderBytes)
                throw new InvalidDataException($"entry '{entry.Name}' overlaps with what follows it: the file is damaged or made to deceive");
            _entries[entry.Name] = entry with { LimitOffset = limit };
            limit = entry.HeaderOffset;
        }
    }

    /// <summary>Whether flags and method, which begin <paramref name="header"/>, say compressed or encrypted.</summary>
    private static bool IsPacked(ReadOnlySpan<byte> header) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(header) & 1) != 0 || BinaryPrimitives.ReadUInt16LittleEndian(header[2..]) != 0;

    private static ReadOnlySpan<byte> Zip64Field(ReadOnlySpan<byte> extra)
    {
        while (extra.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
                break;
            if (BinaryPrimitives.ReadUInt16LittleEndian(extra) == 1)
                return extra.Slice(4, length);
            extra = extra[(4 + length)..];
        }
        return [];
    }

    private static long Wide(uint value, ref ReadOnlySpan<byte> large)
    {
        if (value != uint.MaxValue || large.Length < 8)
            return value;
        long wide = BinaryPrimitives.ReadInt64LittleEndian(large);
        large = large[8..];
        return wide;
    }

    private byte[] ReadAt(long offset, int length)
    {
        if (offset < 0 || offset > _stream.Length - length)
            throw new InvalidDataException("its zip directory points outside the file: copy or download it again");
        byte[] bytes = new byte[length];
        _stream.Position = offset;
        _stream.ReadExactly(bytes);
        return bytes;
    }
}
