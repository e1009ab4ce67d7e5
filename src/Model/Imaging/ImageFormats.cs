using System.Text;

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
        (0, [.. "qoif"u8], "a QOI image"),
        (0, [.. "DDS "u8], "a DDS texture"),
        (0, [0, 0, 1, 0], "a Windows icon (ICO)"),
        (0, [0, 0, 2, 0], "a Windows cursor (CUR)"),
        (0, [.. "icns"u8], "an Apple icon (ICNS)"),
        (128, [.. "DICM"u8], "a DICOM file"),
        (0, [.. "SIMPLE  ="u8], "a FITS file"),
        (0, [0x93, .. "NUMPY"u8], "a numpy array"),
        (0, [0x1A, 0x45, 0xDF, 0xA3], "a video (Matroska, WebM)"),
        (0, [0x00, 0x00, 0x01, 0xBA], "a video (MPEG)"),
        (0, [0x00, 0x00, 0x01, 0xB3], "a video (MPEG)"),
        (0, [.. "FLV\u0001"u8], "a video (FLV)"),
        (0, [0xD7, 0xCD, 0xC6, 0x9A], "a Windows metafile (WMF)"),
    ];

    private static readonly (byte[] Magic, string Reason)[] Containers =
    [
        ([0x1F, 0x8B], "a gzip archive, not an image: unpack it first"),
        ([.. "PK\u0003\u0004"u8], "a zip archive, not an image: unpack it first"),
        ([.. "Rar!"u8], "a RAR archive, not an image: unpack it first"),
        ([.. "7z\xBC\xAF"u8], "a 7z archive, not an image: unpack it first"),
        ([0x00, 0x05, 0x16, 0x07], "not an image but what macOS keeps beside one (AppleDouble, ._NAME): leave it out"),
        ([.. "version https://git-lfs"u8], "a pointer of Git LFS, not the image itself: fetch it with git lfs pull"),
    ];

    /// <summary>What a file is that none of our decoders takes, and what to do about it.</summary>
    public static string Refusal(ReadOnlySpan<byte> file)
    {
        if (file.IsEmpty)
            return "the file is empty";
        foreach ((byte[] magic, string reason) in Containers)
            if (file.StartsWith(magic))
                return reason;
        string? what = Boxes(file) ?? Riff(file);
        foreach ((int at, byte[] magic, string name) in Signatures)
            what ??= file.Length >= at + magic.Length && file[at..].StartsWith(magic) ? name : null;
        if (what is not null)
            return NotRead(what);
        ReadOnlySpan<byte> start = file[..Math.Min(file.Length, LookedAtBytes)];
        return Text(start) ?? (start.ContainsAnyExcept((byte)0)
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
        return Encoding.Latin1.GetString(file.Slice(8, 4)) switch
        {
            "avif" or "avis" => "an AVIF image",
            "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" or "mif1" or "msf1" => "a HEIC image, as phones save them",
            "crx " => "a camera's raw file (CR3)",
            _ => "a video (MP4, QuickTime)",
        };
    }

    private static string? Riff(ReadOnlySpan<byte> file) => file.Length < 12 || !file.StartsWith("RIFF"u8) ? null
        : file[8..].StartsWith("AVI "u8) ? "a video (AVI)" : file[8..].StartsWith("WAVE"u8) ? "a sound (WAV)" : null;

    private static string? Text(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = (start.StartsWith(Encoding.UTF8.Preamble) ? start[3..] : start).TrimStart(" \t\r\n"u8);
        if (text.StartsWith("<"u8))
        {
            string markup = Encoding.UTF8.GetString(text);
            return markup.Contains("<svg", StringComparison.OrdinalIgnoreCase) ? NotRead("an SVG drawing")
                : markup.Contains("<html", StringComparison.OrdinalIgnoreCase) || markup.Contains("<!DOCTYPE html", StringComparison.OrdinalIgnoreCase)
                    ? "a web page, not an image: the download of the image failed"
                    : "XML, not an image";
        }
        foreach (byte b in start)
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n' or 0x0C) or 0x7F)
                return null;
        return text.StartsWith("{"u8) || text.StartsWith("["u8) ? "JSON, not an image" : "a text, not an image";
    }
}
