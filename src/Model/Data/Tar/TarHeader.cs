using System.Numerics;

namespace HrNetBatch.Model.Data.Tar;

/// <summary>
/// A tar's header block, of any of its formats: V7, ustar, GNU's and POSIX'. Only what reading needs is looked at: owners and times may
/// be any, as they are to Python's tarfile, whose reading this is.
/// </summary>
internal readonly record struct TarHeader(string Name, char Type, long Size)
{
    public const int BlockBytes = 512;

    public const char OldFile = '\0', File = '0', Folder = '5', ContiguousFile = '7', SparseFile = 'S';
    public const char LongName = 'L', LongLink = 'K', Attributes = 'x', SolarisAttributes = 'X', GlobalAttributes = 'g';

    private const int ChecksumStart = 148, ChecksumEnd = 156;

    /// <summary>A length filled up to whole blocks.</summary>
    public static long Padded(long bytes) => (bytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    /// <summary>Whether content follows the header: not for links, devices and folders, whatever size they say.</summary>
    public bool HasContent => Type is not (>= '1' and <= '6');

    /// <summary>Whether a block's checksum is right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> block)
    {
        if (!TryNumber(block[ChecksumStart..ChecksumEnd], out long expected))
            return false;
        // Some writers sum signed bytes.
        long unsigned = 0, signed = 0;
        for (int at = 0; at < BlockBytes; at++)
        {
            byte value = at is >= ChecksumStart and < ChecksumEnd ? (byte)' ' : block[at];
            unsigned += value;
            signed += (sbyte)value;
        }
        return expected == unsigned || expected == signed;
    }

    /// <summary>Reads a block whose checksum is right.</summary>
    /// <exception cref="FormatException">Its size is no number.</exception>
    public static TarHeader Read(ReadOnlySpan<byte> block)
    {
        char type = (char)block[156];
        string name = TarText.UpToNul(block[..100]);
        // GNU's format has times where ustar's has the start of a long name.
        bool isGnu = block[257..263].SequenceEqual("ustar "u8);
        if (!isGnu && TarText.UpToNul(block[345..500]) is { Length: > 0 } prefix)
            name = $"{prefix}/{name}";
        if (type == OldFile && name.EndsWith('/'))
            type = Folder;
        return TryNumber(block[124..136], out long size) && size >= 0
            ? new TarHeader(name, type, size)
            : throw new FormatException("its size is no number");
    }

    /// <summary>Reads a number: octal digits, or where the first bit is set a binary number of the other bits, the highest byte first.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> field, out long number)
    {
        number = 0;
        if ((field[0] & 0x80) != 0)
        {
            BigInteger binary = new(field, isUnsigned: false, isBigEndian: true);
            if ((field[0] & 0x40) == 0)
                binary = new BigInteger([(byte)(field[0] & 0x7F), .. field[1..]], isUnsigned: true, isBigEndian: true);
            if (binary < long.MinValue || binary > long.MaxValue)
                return false;
            number = (long)binary;
            return true;
        }
        int end = field.IndexOf((byte)0);
        foreach (byte digit in (end < 0 ? field : field[..end]).Trim(" \t\r\n"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7' || number >> 58 != 0)
                return false;
            number = number << 3 | (uint)(digit - '0');
        }
        return true;
    }
}
