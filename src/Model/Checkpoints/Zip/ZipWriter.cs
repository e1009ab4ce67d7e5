using System.Buffers.Binary;
using System.Text;

namespace HrNetBatch.Model.Checkpoints.Zip;

/// <summary>Writes stored zip64 entries with their data aligned to 64 bytes, as torch does, to a stream that need not seek.</summary>
internal sealed class ZipWriter(Stream output)
{
    private const int Alignment = 64;
    private const ushort Version = 45;
    private readonly List<ZipEntry> _entries = [];
    private long _position;

    /// <summary>Adds an entry whose length and CRC are known before; <paramref name="chunks"/> is read once.</summary>
    public void Add(string name, uint crc, long lengthBytes, IEnumerable<Memory<byte>> chunks)
    {
        var entry = new ZipEntry(name, crc, lengthBytes, _position);
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        // 30 fixed bytes, the name, the zip64 field of 20, and a padding field ("FB", as torch calls it) of 4 and more.
        int padding = (int)(Alignment - (_position + 30 + nameBytes.Length + 20 + 4) % Alignment) % Alignment;
        byte[] header = new byte[30 + nameBytes.Length + 20 + 4 + padding];
        var fields = new FieldWriter(header);
        fields.U32(0x04034b50);
        CommonFields(ref fields, entry, nameBytes, 24 + padding);
        fields.Bytes(nameBytes);
        fields.U16(1);
        fields.U16(16);
        fields.U64(lengthBytes);
        fields.U64(lengthBytes);
        fields.U16(0x4246);
        fields.U16((ushort)padding);
        Write(header);
        foreach (Memory<byte> chunk in chunks)
            Write(chunk.Span);
        if (_position != entry.HeaderOffset + header.Length + lengthBytes)
            throw new InvalidOperationException($"Entry '{name}' gave other data than its length said.");
        _entries.Add(entry);
    }

    /// <summary>Writes the directory; nothing can be added afterwards.</summary>
    public void Finish()
    {
        long start = _position;
        foreach (ZipEntry entry in _entries)
        {
            byte[] nameBytes = Encoding.UTF8.GetBytes(entry.Name);
            byte[] header = new byte[46 + nameBytes.Length + 28];
            var fields = new FieldWriter(header);
            fields.U32(0x02014b50);
            fields.U16(Version);
            CommonFields(ref fields, entry, nameBytes, 28);
            fields.Skip(2 + 2 + 2 + 4); // comment length, disk, attributes
            fields.U32(uint.MaxValue);
            fields.Bytes(nameBytes);
            fields.U16(1);
            fields.U16(24);
            fields.U64(entry.LengthBytes);
            fields.U64(entry.LengthBytes);
            fields.U64(entry.HeaderOffset);
            Write(header);
        }
        WriteEnd(start, _position - start);
    }

    private void WriteEnd(long directoryStart, long directoryLength)
    {
        long recordStart = _position;
        byte[] end = new byte[56 + 20 + 22];
        var fields = new FieldWriter(end);
        fields.U32(0x06064b50);
        fields.U64(56 - 12);
        fields.U16(Version);
        fields.U16(Version);
        fields.Skip(8); // this disk, directory's disk
        fields.U64(_entries.Count);
        fields.U64(_entries.Count);
        fields.U64(directoryLength);
        fields.U64(directoryStart);
        fields.U32(0x07064b50);
        fields.Skip(4);
        fields.U64(recordStart);
        fields.U32(1);
        fields.U32(0x06054b50);
        fields.Skip(4);
        fields.U16((ushort)Math.Min(_entries.Count, ushort.MaxValue));
        fields.U16((ushort)Math.Min(_entries.Count, ushort.MaxValue));
        fields.U32((uint)Math.Min(directoryLength, uint.MaxValue));
        fields.U32((uint)Math.Min(directoryStart, uint.MaxValue));
        Write(end);
    }

    // The part that local and directory headers share: from the version needed to the extra field's length. Sizes are in the zip64 field.
    private static void CommonFields(ref FieldWriter fields, ZipEntry entry, byte[] nameBytes, int extraLength)
    {
        fields.U16(Version);
        fields.U16(0x0800); // names are UTF-8
        fields.U16(0);      // stored
        fields.U16(0);
        fields.U16(0x21);   // 1 January 1980: equal trees give equal files
        fields.U32(entry.Crc);
        fields.U32(uint.MaxValue);
        fields.U32(uint.MaxValue);
        fields.U16((ushort)nameBytes.Length);
        fields.U16((ushort)extraLength);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _position += bytes.Length;
    }

    private ref struct FieldWriter(Span<byte> target)
    {
        private Span<byte> _rest = target;

        public void U16(ushort value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_rest, value);
            _rest = _rest[2..];
        }

        public void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_rest, value);
            _rest = _rest[4..];
        }

        public void U64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_rest, value);
            _rest = _rest[8..];
        }

        public void Bytes(ReadOnlySpan<byte> value)
        {
            value.CopyTo(_rest);
            _rest = _rest[value.Length..];
        }

        public void Skip(int count) => _rest = _rest[count..];
    }
}
