using System.Buffers.Binary;
using System.Text;
using HrNetBatch.Model.Files;

namespace HrNetBatch.Model.Imaging;

/// <summary>Files that come among images and are not read: told by their first bytes, so that the message says what they are and what to do.</summary>
internal static class ImageFormats
{
    private const int LookedAtBytes = 1024;

    private static readonly (int At, byte[] Magic, string What)[] Signatures =
    [
        (0, [0xFF, 0x0A], "a JPEG XL image"),
        (4, [.. "JXL \r\n"u8], "a JPEG XL image"),
        (4, [.. "jP  \r\n"u8], "a JPEG 2000 image"),
        (0, [0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 image"),
        (0, [.. "%PDF-"u8], "a PDF document"),
        (0, [.. "%!PS"u8], "a PostScript document"),
        (0, [0xC5, 0xD0, 0xD3, 0xC6], "a PostScript document"),
        (0, [.. "8BPS"u8], "a Photoshop document (PSD)"),
        (0, [.. "gimp xcf"u8], "a GIMP document (XCF)"),
        (0, [.. "FUJIFILMCCD-RAW"u8], "a camera's raw file (RAF)"),
        (0, [.. "IIRO"u8], "a camera's raw file (ORF)"),
        (0, [.. "IIRS"u8], "a camera's raw file (ORF)"),
        (0, [.. "MMOR"u8], "a camera's raw file (ORF)"),
        (0, [.. "IIU\0"u8], "a camera's raw file (RW2)"),
        (0, [.. "FOVb"u8], "a camera's raw file (X3F)"),
        (0, [.. "\0MRM"u8], "a camera's raw file (MRW)"),
        (0, [0x76, 0x2F, 0x31, 0x01], "an OpenEXR image"),
        (0, [.. "#?RADIANCE"u8], "a Radiance HDR image"),
        (0, [.. "#?RGBE"u8], "a Radiance HDR image"),
        (0, [.. "qoif"u8], "a QOI image"),
        (0, [.. "DDS "u8], "a DDS texture"),
        (0, [.. "icns"u8], "an Apple icon (ICNS)"),
        (128, [.. "DICM"u8], "a DICOM file"),
        (0, [.. "SIMPLE  ="u8], "a FITS file"),
        (0, [0x93, .. "NUMPY"u8], "a numpy array"),
        (0, [0x1A, 0x45, 0xDF, 0xA3], "a video (Matroska, WebM)"),
        (0, [0x00, 0x00, 0x01, 0xBA], "a video (MPEG)"),
        (0, [0x00, 0x00, 0x01, 0xB3], "a video (MPEG)"),
        (0, [.. "FLV\u0001"u8], "a video (FLV)"),
        (0, [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "a video (WMV, ASF)"),
        (4, [.. "moov"u8], "a video (QuickTime)"),
        (4, [.. "mdat"u8], "a video (QuickTime)"),
        (0, [.. "OggS"u8], "a sound or video (Ogg)"),
        (0, [.. "ID3"u8], "a sound (MP3)"),
        (0, [0xD7, 0xCD, 0xC6, 0x9A], "a Windows metafile (WMF)"),
        (40, [.. " EMF"u8], "a Windows metafile (EMF)"),
        (0, [0x01, 0xDA], "a Silicon Graphics image (SGI)"),
        (0, [0x59, 0xA6, 0x6A, 0x95], "a Sun raster image"),
        (0, [0x8A, .. "MNG\r\n\u001A\n"u8], "an animation (MNG)"),
        (0, [0x8B, .. "JNG\r\n\u001A\n"u8], "a JNG image"),
        (0, [.. "II"u8, 0xBC], "a JPEG XR image"),
        (0, [.. "BPG"u8, 0xFB], "a BPG image"),
        (0, [.. "FLIF"u8], "a FLIF image"),
        (0, [.. "AT&TFORM"u8], "a DjVu document"),
        (0, [.. "BLP1"u8], "a BLP texture"),
        (0, [.. "BLP2"u8], "a BLP texture"),
        (0, [0xAB, .. "KTX "u8], "a KTX texture"),
        (0, [.. "DanM"u8], "a Microsoft Paint image (MSP)"),
        (0, [.. "LinS"u8], "a Microsoft Paint image (MSP)"),
        (0, [0xB1, 0x68, 0xDE, 0x3A], "a fax of several pages (DCX)"),
        (0, [.. "P7\n"u8], "a PAM image"),
        (0, [.. "Pf\n"u8], "a PFM image"),
        (0, [.. "PF\n"u8], "a PFM image"),
        (0, [.. "Image type:"u8], "an IFUNC image (IM)"),
        (0, [.. "/* XPM */"u8], "an X pixmap (XPM)"),
        (0, [0x89, .. "HDF\r\n"u8], "an HDF5 file"),
        (257, [.. "ustar"u8], "a tar"),
    ];

    /// <summary>What a file is that none of our decoders takes, and what to do about it.</summary>
    public static string Refusal(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
            return "the file is empty";
        if (StrayFile.CompressionOf(file) is { } compression)
            return $"a {compression} archive, not an image: unpack it first";
        if (StrayFile.ArchiveOf(file) is { } archive)
            return $"{archive}, not an image: unpack it first";
        if (file.StartsWith<byte>([0x00, 0x05, 0x16, 0x07]))
            return "not an image but what macOS keeps beside one (AppleDouble, ._NAME): leave it out";
        if (file.StartsWith("version https://git-lfs"u8))
            return "a pointer of Git LFS, not the image itself: fetch it with git lfs pull";
        string? what = Boxes(file) ?? Riff(file) ?? Icon(file);
        foreach ((int at, byte[] magic, string name) in Signatures)
            what ??= file.Length >= at + magic.Length && file[at..].StartsWith(magic) ? name : null;
        what ??= Pcx(file) ?? Bitmap(file);
        if (what == "a tar")
            return "a tar archive, not an image: unpack it first";
        if (what is not null)
            return NotRead(what);
        ReadOnlySpan<byte> start = file[..Math.Min(file.Length, LookedAtBytes)];
        return Text(start) ?? (Targa(file) is { } targa ? NotRead(targa)
            : start.ContainsAnyExcept((byte)0)
                ? "not an image of a format that is read (JPEG, PNG, WebP, GIF, BMP, TIFF, PPM, PGM, PBM)"
                : "not an image: it begins with zeros alone, as an unfinished download does");
    }

    /// <summary>The sentence about a format that is known by name alone.</summary>
    public static string NotRead(string what) => $"{what}, which is not read: convert it to JPEG or PNG";

    // ISO's base media format, by its brand: phones' images and most videos.
    private static string? Boxes(ReadOnlySpan<byte> file)
    {
        if (file.Length < 12 || !file[4..].StartsWith("ftyp"u8))
            return null;
        // An AVIF may call itself a HEIF in general, and name AVIF among the brands that it keeps to.
        uint length = BinaryPrimitives.ReadUInt32BigEndian(file);
        ReadOnlySpan<byte> brands = file[8..(int)Math.Clamp(length, 12, Math.Min(file.Length, LookedAtBytes))];
        if (brands.IndexOf("avif"u8) >= 0)
            return "an AVIF image";
        return Encoding.Latin1.GetString(file.Slice(8, 4)) switch
        {
            "avis" => "an AVIF image",
            "heic" or "heix" or "heim" or "heis" or "hevc" or "hevm" or "hevs" or "hevx" or "heif" or "mif1" or "msf1" => "a HEIC image, as phones save them",
            "crx " => "a camera's raw file (CR3)",
            _ => "a video (MP4, QuickTime)",
        };
    }

    private static string? Riff(ReadOnlySpan<byte> file) => file.Length < 12 || !file.StartsWith("RIFF"u8) ? null
        : file[8..].StartsWith("AVI "u8) ? "a video (AVI)" : file[8..].StartsWith("WAVE"u8) ? "a sound (WAV)" : null;

    // An uncompressed Targa begins as a cursor does: 0, 0, 2, 0. Behind that an icon says how many pictures it holds, and where the first is.
    private static string? Icon(ReadOnlySpan<byte> file)
    {
        const int headerBytes = 6, entryBytes = 16;
        if (file.Length < headerBytes + entryBytes || !(file.StartsWith<byte>([0, 0, 1, 0]) || file.StartsWith<byte>([0, 0, 2, 0])))
            return null;
        int count = BinaryPrimitives.ReadUInt16LittleEndian(file[4..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]), offset = BinaryPrimitives.ReadUInt32LittleEndian(file[18..]);
        return count > 0 && length > 0 && offset >= headerBytes + (uint)(count * entryBytes) ? file[2] == 1 ? "a Windows icon (ICO)" : "a Windows cursor (CUR)" : null;
    }

    // ZSoft's number, one of its versions, run lengths, bits of a plane.
    private static string? Pcx(ReadOnlySpan<byte> file) =>
        file.Length >= 128 && file[0] == 10 && file[1] is 0 or 2 or 3 or 4 or 5 && file[2] == 1 && file[3] is 1 or 2 or 4 or 8 ? "a PCX image" : null;

    // A bitmap as Windows' clipboard has it: its second header alone.
    private static string? Bitmap(ReadOnlySpan<byte> file) =>
        file.Length >= 40 && file.StartsWith<byte>([40, 0, 0, 0]) && BinaryPrimitives.ReadUInt16LittleEndian(file[12..]) == 1
            && BinaryPrimitives.ReadUInt16LittleEndian(file[14..]) is 1 or 4 or 8 or 16 or 24 or 32 ? "a bitmap without its file header (DIB)" : null;

    // No magic but, in newer files, at the end; else all that the header says must fit.
    private static string? Targa(ReadOnlySpan<byte> file)
    {
        const string name = "a Targa image (TGA)";
        if (file.EndsWith("TRUEVISION-XFILE.\0"u8))
            return name;
        if (file.Length < 18)
            return null;
        (byte palette, byte kind, byte bits) = (file[1], file[2], file[16]);
        bool hasPalette = kind is 1 or 9;
        bool isKind = hasPalette ? palette == 1 && file[7] is 15 or 16 or 24 or 32 && bits is 8 or 16 : kind is 2 or 10 ? bits is 15 or 16 or 24 or 32 : kind is 3 or 11 && bits is 8 or 16;
        int width = BinaryPrimitives.ReadUInt16LittleEndian(file[12..]), height = BinaryPrimitives.ReadUInt16LittleEndian(file[14..]);
        return isKind && palette <= 1 && width > 0 && height > 0 && (file[17] & 0xC0) == 0 ? name : null;
    }

    private static string? Text(ReadOnlySpan<byte> start)
    {
        string text = Encoding.UTF8.GetString(start).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (text.StartsWith('<'))
            return text.Contains("<svg", StringComparison.OrdinalIgnoreCase) ? NotRead("an SVG drawing")
                : StrayFile.IsWebPage(text) ? "a web page, not an image: the download of the image failed" : "XML, not an image";
        if (!StrayFile.IsText(start))
            return null;
        return text.StartsWith("#define", StringComparison.Ordinal) && text.Contains("_width", StringComparison.Ordinal) ? NotRead("an X bitmap (XBM)")
            : text.StartsWith('{') || text.StartsWith('[') ? "JSON, not an image" : "a text, not an image";
    }
}
