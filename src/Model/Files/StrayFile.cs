using System.Text;
using System.Text.RegularExpressions;

namespace HrNetBatch.Model.Files;

/// <summary>Files that come where data, images or checkpoints should be, told by their first bytes: each as a sentence's end, what it is and what to do.</summary>
internal static partial class StrayFile
{
    /// <summary>What a file is that has zeros where it should begin.</summary>
    public const string Zeros = "nothing but zeros where it begins: a download that was never finished, or a disk that lost it. Download it again";

    private const int ShownLength = 60;

    // The compressions that have no names of files in them.
    private static readonly (byte[] Magic, string Name)[] Compressions =
    [
        ([0x1F, 0x8B, 8], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([.. "BZh"u8], "bzip2"), ([0xFD, .. "7zXZ\0"u8], "xz"), ([0x04, 0x22, 0x4D, 0x18], "lz4"),
    ];

    private static readonly (byte[] Magic, string Name)[] Archives =
    [
        ([.. "PK\u0003\u0004"u8], "a zip archive"), ([.. "PK\u0005\u0006"u8], "an empty zip archive"), ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"), ([.. "Rar!\u001A\u0007"u8], "a RAR archive"),
    ];

    /// <summary>How it is compressed; null: as none of those that are known.</summary>
    public static string? CompressionOf(ReadOnlySpan<byte> start) => NameOf(Compressions, start);

    /// <summary>Which archive it is, with its article; null: none that is known, or a tar.</summary>
    public static string? ArchiveOf(ReadOnlySpan<byte> start) => NameOf(Archives, start);

    /// <summary>What came instead of the file, and what to do: an empty file, a page, a pointer, an answer in text; null: none of these.</summary>
    /// <param name="start">The first bytes, some hundred at least where there are so many.</param>
    public static string? InsteadOf(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return "empty: the download or the copy of it failed, so repeat that";
        if (!start.ContainsAnyExcept((byte)0))
            return Zeros;
        if (start.StartsWith("version https://git-lfs"u8))
            return "a pointer of Git LFS, not the file itself: fetch it with git lfs pull";
        start = start.TrimEnd((byte)0);
        if (!IsText(start))
            return null;
        string text = Encoding.UTF8.GetString(start).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (IsWebPage(text))
            return $"a web page{Title(text)}: a download that failed, or that wanted a sign-in. Open its address in a browser, and save what that gives";
        return text.Length == 0 ? null
            : $"{(text[0] == '<' ? "XML" : text[0] is '{' or '[' ? "JSON" : "a text")}, which begins \"{ForeignText.Printable(text.Trim(), ShownLength)}\", "
                + "perhaps the answer to a download that failed. Look at it, and download the file again";
    }

    /// <summary>Whether a text is a page of HTML.</summary>
    public static bool IsWebPage(string text) => text.StartsWith('<') && Html().IsMatch(text);

    /// <summary>Whether bytes are a text: no control characters but those of lines.</summary>
    public static bool IsText(ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            if (b is < 0x20 and not ((byte)'\t' or (byte)'\r' or (byte)'\n' or 0x0C) or 0x7F)
                return false;
        return true;
    }

    private static string? NameOf((byte[] Magic, string Name)[] table, ReadOnlySpan<byte> start)
    {
        foreach ((byte[] magic, string name) in table)
            if (start.StartsWith(magic))
                return name;
        return null;
    }

    private static string Title(string page) =>
        TitleOfPage().Match(page) is { Success: true } found ? $" (\"{ForeignText.Printable(found.Groups[1].Value.Trim(), ShownLength)}\")" : "";

    [GeneratedRegex(@"<!doctype\s+html|<(html|head|body|title|meta|script|style)[\s>/]", RegexOptions.IgnoreCase)]
    private static partial Regex Html();

    [GeneratedRegex(@"<title[^>]*>([^<]*)</", RegexOptions.IgnoreCase)]
    private static partial Regex TitleOfPage();
}
