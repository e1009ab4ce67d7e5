using HrNetBatch.Model.Data.Tar;

namespace HrNetBatch.Model.Data;

/// <summary>Why a file is none of a data set's, told by its name, and what can be done.</summary>
internal static class LeftOutReasons
{
    public const string EmptyFolder = "an empty folder, so no class";
    public const string TooLarge = "larger than any image that is read (1 GiB)";

    private const string Hidden = "hidden, or of the system";

    private static readonly HashSet<string> SystemFolders = new(StringComparer.OrdinalIgnoreCase)
    {
        "@eaDir", "__MACOSX", "$RECYCLE.BIN", "lost+found", "System Volume Information", "#recycle", "@Recycle", "#snapshot", "__pycache__",
    };

    private static readonly HashSet<string> SystemFiles = new(StringComparer.OrdinalIgnoreCase) { "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r" };

    // Files that lie among images and are none. A folder of them was never meant as a class.
    private static readonly HashSet<string> NoImages = new(StringComparer.Ordinal)
    {
        "txt", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml", "md", "rst", "html", "htm", "log", "py", "ipynb", "sh", "mat", "npy", "npz", "pkl", "pickle",
        "pth", "pt", "onnx", "safetensors", "h5", "hdf5", "parquet", "db", "sqlite", "ini", "cfg", "tar", "gz", "tgz", "zip", "7z", "zst", "bz2", "xz",
        "index", "md5", "sha1", "sha256", "lst", "cls", "mds", "url",
    };

    /// <summary>Why a path below the root is not even looked at: a part of it begins with a dot or belongs to a system; null where none does.</summary>
    public static string? OfPlace(string relative)
    {
        string[] parts = relative.TrimEnd('/').Split('/');
        bool isHidden = parts.Any(part => part.StartsWith('.') && part is not ("." or ".."))
            || parts[..^1].Any(SystemFolders.Contains) || SystemFiles.Contains(parts[^1])
            || (relative.EndsWith('/') && SystemFolders.Contains(parts[^1]));
        return isHidden ? Hidden : null;
    }

    /// <summary>Why a file is no image that is read.</summary>
    public static string OfFile(string name) => Extension(name) switch
    {
        "heic" or "heif" => "HEIC is not read: save it as JPEG (heif-convert)",
        "avif" or "avifs" => "AVIF is not read: save it as PNG (avifdec)",
        "jxl" => "JPEG XL is not read: save it as JPEG or PNG (djxl)",
        "svg" or "svgz" => "SVG is a drawing without pixels: draw it as PNG (rsvg-convert)",
        "pdf" => "PDF is a document: take the images out of it (pdfimages)",
        "jp2" or "j2k" or "jpf" or "jpx" => "JPEG 2000 is not read: save it as PNG (opj_decompress)",
        "dng" or "cr2" or "cr3" or "nef" or "arw" or "orf" or "rw2" or "raf" => "raw images of cameras are not read: develop them as JPEG",
        "psd" or "exr" or "hdr" or "ico" or "tga" or "dds" or "pam" or "pfm" => $"{Extension(name).ToUpperInvariant()} is not read: save it as PNG",
        "mp4" or "mov" or "avi" or "mkv" or "webm" => "a film: take single images out of it (ffmpeg)",
        "" => $"a name without extension: images are called {Known}",
        var other when NoImages.Contains(other) => $".{other} is no image",
        var other => $".{other} is no image that is read: images are called {Known}",
    };

    /// <summary>Whether somebody may mean a file as an image, though it is not read.</summary>
    public static bool MayBeImage(string name) => !NoImages.Contains(Extension(name));

    /// <summary>Why a member of a WebDataset tar is in no sample; null where nothing is lost by it.</summary>
    public static string? OfMember(TarMember member) => member.Type switch
    {
        TarHeader.Folder => null,
        '1' => "a hard link in a tar, which has no content of its own: write the tar with --hard-dereference",
        '2' => "a symbolic link in a tar: write the tar with --dereference",
        _ when !member.IsFile => "no file",
        _ when OfPlace(member.FileName) is { } hidden => hidden,
        _ when member.Name.Split('/').Any(part => part.StartsWith("__", StringComparison.Ordinal)) => "metadata, called __name__",
        _ => "a member without extension, so of no sample",
    };

    private static string Known => string.Join(", ", LabeledImage.Extensions.Select(extension => "." + extension));

    private static string Extension(string name)
    {
        string file = name[(name.LastIndexOf('/') + 1)..];
        return file.LastIndexOf('.') is >= 0 and var dot ? file[(dot + 1)..].ToLowerInvariant() : "";
    }
}
