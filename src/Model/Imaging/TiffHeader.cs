using System.Buffers.Binary;

namespace HrNetBatch.Model.Imaging;

/// <summary>What the first directory of a TIFF (or BigTIFF) says; of a file with several pages the first is read, as in Pillow.</summary>
internal sealed record TiffHeader
{
    private const int LargestEntryCount = 4096;

    private const ushort Subfile = 254, ImageWidth = 256, ImageLength = 257, BitsPerSampleTag = 258, CompressionTag = 259, PhotometricTag = 262,
        OrientationTag = 274, SamplesTag = 277, StripOffsets = 273, StripByteCounts = 279, TileWidthTag = 322, TileLengthTag = 323, TileOffsets = 324, TileByteCounts = 325, SubDirectories = 330, ExtraSamplesTag = 338,
        SampleFormatTag = 339, DngVersion = 50706;

    // Bytes of an element, by the type's number.
    private static readonly int[] TypeBytes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

    public int Width { get; private init; }

    public int Height { get; private init; }

    public int BitsPerSample { get; private init; } = 1;

    public int SampleCount { get; private init; } = 1;

    /// <summary>1 whole numbers, 2 with a sign, 3 floats.</summary>
    public int SampleFormat { get; private init; } = 1;

    /// <summary>0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr.</summary>
    public int Photometric { get; private init; }

    public int Compression { get; private init; } = 1;

    /// <summary>As EXIF's, 1 to 8; Pillow turns a TIFF by it, unlike a JPEG.</summary>
    public int Orientation { get; private init; } = 1;

    /// <summary>What the first sample beyond the colours is: 0 nothing, 1 alpha that the colours were multiplied by, 2 alpha; null where there is none.</summary>
    public int? ExtraSample { get; private init; }

    /// <summary>Where in the file <see cref="ExtraSample"/> lies: its lowest byte.</summary>
    public int ExtraSampleAt { get; private init; }

    /// <summary>Pixels of a tile; 0 where the picture is in strips.</summary>
    public long TilePixels { get; private init; }

    /// <summary>Whether it is a camera's raw file: such begin with a small preview in a TIFF's clothes.</summary>
    public bool IsCameraRaw { get; private init; }

    /// <summary>Whether a file begins as a TIFF does.</summary>
    public static bool Claims(ReadOnlySpan<byte> start) =>
        start.Length >= 8 && (start.StartsWith("II*\0"u8) || start.StartsWith("MM\0*"u8) || start.StartsWith("II+\0"u8) || start.StartsWith("MM\0+"u8));

    /// <summary>Reads the first directory.</summary>
    /// <exception cref="ImageException">It lies outside the file or lacks the size.</exception>
    public static TiffHeader Read(ReadOnlySpan<byte> tiff)
    {
        bool isBigEndian = tiff[0] == 'M', isLarge = tiff[isBigEndian ? 3 : 2] == '+';
        var header = new TiffHeader { IsCameraRaw = tiff.Length > 10 && tiff[8..].StartsWith("CR"u8) };
        if (header.IsCameraRaw)
            return header;
        ulong at = isLarge ? Number(tiff, 8, 8, isBigEndian) : Number(tiff, 4, 4, isBigEndian);
        int countBytes = isLarge ? 8 : 2, entryBytes = isLarge ? 20 : 12;
        ulong count = Number(tiff, at, countBytes, isBigEndian);
        if (count > LargestEntryCount)
            throw new ImageException("the TIFF is damaged: its directory has no end");
        bool isReduced = false, hasSubDirectories = false;
        long tileWidth = 0, tileLength = 0;
        (ulong Place, int TypeBytes, ulong Count) offsets = default, lengths = default;
        for (ulong entry = at + (ulong)countBytes; count > 0; count--, entry += (ulong)entryBytes)
        {
            ushort tag = (ushort)Number(tiff, entry, 2, isBigEndian);
            int typeBytes = Number(tiff, entry + 2, 2, isBigEndian) is < 19 and var type ? TypeBytes[type] : 0;
            ulong valueCount = Number(tiff, entry + 4, isLarge ? 8 : 4, isBigEndian);
            ulong place = entry + (isLarge ? 12u : 8u);
            if (typeBytes == 0 || valueCount == 0)
                continue;
            if (valueCount > (isLarge ? 8u : 4u) / (ulong)typeBytes)
                place = Number(tiff, place, isLarge ? 8 : 4, isBigEndian);
            if (tag is SubDirectories or DngVersion)
            {
                (hasSubDirectories, header) = (hasSubDirectories || tag == SubDirectories, header with { IsCameraRaw = header.IsCameraRaw || tag == DngVersion });
                continue;
            }
            if (tag is StripOffsets or TileOffsets)
                offsets = (place, typeBytes, valueCount);
            else if (tag is StripByteCounts or TileByteCounts)
                lengths = (place, typeBytes, valueCount);
            if (tag is not (Subfile or ImageWidth or ImageLength or BitsPerSampleTag or CompressionTag or PhotometricTag or OrientationTag or SamplesTag
                or TileWidthTag or TileLengthTag or ExtraSamplesTag or SampleFormatTag))
                continue;
            int value = (int)Math.Min(Number(tiff, place, Math.Min(typeBytes, 8), isBigEndian), int.MaxValue);
            switch (tag)
            {
                case Subfile: isReduced = (value & 1) != 0; break;
                case TileWidthTag: tileWidth = value; break;
                case TileLengthTag: tileLength = value; break;
                case ExtraSamplesTag:
                    header = header with { ExtraSample = value, ExtraSampleAt = (int)place + (isBigEndian ? Math.Min(typeBytes, 8) - 1 : 0) };
                    break;
                default: header = header.With(tag, value); break;
            }
        }
        if (header.Width == 0 || header.Height == 0)
            throw new ImageException("the TIFF is damaged: its first directory has no size");
        for (ulong part = 0; part < Math.Min(offsets.Count, lengths.Count); part++)
        {
            ulong start = Number(tiff, offsets.Place + part * (ulong)offsets.TypeBytes, Math.Min(offsets.TypeBytes, 8), isBigEndian);
            ulong length = Number(tiff, lengths.Place + part * (ulong)lengths.TypeBytes, Math.Min(lengths.TypeBytes, 8), isBigEndian);
            if (start > (ulong)tiff.Length || (ulong)tiff.Length - start < length)
                throw new ImageException("the TIFF is truncated: a part of its picture lies outside the file");
        }
        return header with { TilePixels = tileWidth * tileLength, IsCameraRaw = header.IsCameraRaw || (isReduced && hasSubDirectories) || header.Photometric is 32803 or 34892 };
    }

    private TiffHeader With(ushort tag, int value) => tag switch
    {
        ImageWidth => this with { Width = value },
        ImageLength => this with { Height = value },
        BitsPerSampleTag => this with { BitsPerSample = value },
        CompressionTag => this with { Compression = value },
        PhotometricTag => this with { Photometric = value },
        OrientationTag => this with { Orientation = value },
        SamplesTag => this with { SampleCount = value },
        _ => this with { SampleFormat = value },
    };

    private static ulong Number(ReadOnlySpan<byte> tiff, ulong at, int bytes, bool isBigEndian)
    {
        if (at > (ulong)tiff.Length || (ulong)tiff.Length - at < (ulong)bytes)
            throw new ImageException("the TIFF is truncated or damaged: its directory lies outside the file");
        ReadOnlySpan<byte> value = tiff.Slice((int)at, bytes);
        return bytes switch
        {
            1 => value[0],
            2 => isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(value) : BinaryPrimitives.ReadUInt16LittleEndian(value),
            4 => isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(value) : BinaryPrimitives.ReadUInt32LittleEndian(value),
            _ => isBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(value) : BinaryPrimitives.ReadUInt64LittleEndian(value),
        };
    }
}
