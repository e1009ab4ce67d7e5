using System.Buffers.Binary;
using System.Text;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Reads a stream forwards with small reads buffered, counts against a budget, and says so when the file is cut short.</summary>
internal sealed class ByteSource(Stream stream)
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>How many more bytes may be read before the file counts as hostile; null for no bound.</summary>
    public long? BudgetBytes { get; set; }

    /// <summary>Where the next byte stands in the stream.</summary>
    public long Position => stream.Position - (_end - _start);

    public byte ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        ReadExactly(one);
        return one[0];
    }

    public ushort ReadUInt16()
    {
        Span<byte> bytes = stackalloc byte[2];
        ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public int ReadInt32()
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadExactly(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    public long ReadInt64()
    {
        Span<byte> bytes = stackalloc byte[8];
        ReadExactly(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public double ReadBigEndianDouble()
    {
        Span<byte> bytes = stackalloc byte[8];
        ReadExactly(bytes);
        return BinaryPrimitives.ReadDoubleBigEndian(bytes);
    }

    /// <summary>Reads a line of ASCII, without its line feed, of at most <paramref name="maxLength"/> characters.</summary>
    public string ReadLine(int maxLength)
    {
        var line = new StringBuilder();
        for (byte b = ReadByte(); b != '\n'; b = ReadByte())
        {
            if (line.Length == maxLength || b is < 0x20 or > 0x7e)
                throw new InvalidDataException("a name in its pickle is longer than any real one, or not plain ASCII");
            line.Append((char)b);
        }
        return line.ToString();
    }

    public byte[] ReadBytes(long length, long maxLength)
    {
        if (length < 0 || length > maxLength)
            throw new InvalidDataException($"its pickle holds a text of {length} bytes; at most {maxLength} are read");
        byte[] bytes = new byte[length];
        ReadExactly(bytes);
        return bytes;
    }

    public void ReadExactly(Span<byte> target)
    {
        if (BudgetBytes is { } budget)
        {
            if (budget < target.Length)
                throw new InvalidDataException("its pickle is larger than any checkpoint's");
            BudgetBytes = budget - target.Length;
        }
        while (target.Length > 0)
        {
            if (_start == _end && target.Length >= _buffer.Length)
            {
                int direct = stream.Read(target);
                if (direct == 0)
                    throw Truncated();
                target = target[direct..];
                continue;
            }
            if (_start == _end)
            {
                _start = 0;
                _end = stream.Read(_buffer);
                if (_end == 0)
                    throw Truncated();
            }
            int count = Math.Min(target.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(target);
            _start += count;
            target = target[count..];
        }
    }

    private static InvalidDataException Truncated() => new("the file ends in the middle of its data: copy or download it again");
}
