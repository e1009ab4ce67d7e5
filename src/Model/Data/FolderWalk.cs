using HrNetBatch.Model.Files;

namespace HrNetBatch.Model.Data;

/// <summary>What a walk through a folder meets.</summary>
/// <param name="Path">Its full path; of an empty folder, or of one that cannot be opened, with a slash at the end.</param>
/// <param name="File">The file, for a link the one that it leads to; null where there is nothing to read.</param>
/// <param name="Unread">Why there is nothing to read; null for a file and for an empty folder.</param>
public readonly record struct WalkedFile(string Path, FileInfo? File, string? Unread);

/// <summary>
/// Walks through a folder and all below it. Links are followed, except to a folder that the walk is in already; those that lead nowhere
/// are told.
/// </summary>
public static class FolderWalk
{
    private const int MostLinks = 40;   // as Linux has it
    private const FileAttributes NotThere = (FileAttributes)(-1);

    /// <summary>What stands in a name for bytes that are no UTF-8.</summary>
    public const char NoUtf8 = '\uFFFD';

    /// <summary>What is wrong with a file that has such a name, as what follows "is".</summary>
    public const string NotUtf8 =
        "called by a name that is not UTF-8 (� stands for what is not), under which nothing can be opened: rename it, as with "
        + "`convmv -r -f latin1 -t utf8 --notest FOLDER`, or by hand";

    /// <summary>Everything below a folder, in no order.</summary>
    public static IEnumerable<WalkedFile> Walk(string folder)
    {
        string full = Path.GetFullPath(folder);
        return Walk(new DirectoryInfo(full), RealPath(full) ?? full, []);
    }

    private static IEnumerable<WalkedFile> Walk(DirectoryInfo folder, string real, HashSet<string> above)
    {
        above.Add(real);
        bool isEmpty = true;
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            isEmpty = false;
            if (!IsThere(entry))
            {
                yield return new WalkedFile(entry.FullName + (entry is DirectoryInfo ? "/" : ""), null, entry.Name.Contains(NoUtf8) ? NotUtf8 : "gone again while its folder was listed");
                continue;
            }
            bool isLink = entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
            string? target = isLink ? RealPath(entry.FullName) : $"{real.TrimEnd('/')}/{entry.Name}";
            if (target is null)
                yield return new WalkedFile(entry.FullName, null, $"a link to {entry.LinkTarget}, which is {(entry.LinkTarget!.Contains(NoUtf8) ? NotUtf8 : "not there")}");
            else if (isLink ? !Directory.Exists(target) : entry is FileInfo)
                yield return Walked(entry.FullName, isLink ? new FileInfo(target) : (FileInfo)entry);
            else if (above.Contains(target) || real.StartsWith(target.TrimEnd('/') + "/", StringComparison.Ordinal))
                yield return new WalkedFile(entry.FullName, null, $"a link to {entry.LinkTarget}, a folder that it lies in: not followed");
            else
                foreach (WalkedFile below in Walk(new DirectoryInfo(entry.FullName), target, above))
                    yield return below;
        }
        above.Remove(real);
        if (isEmpty && above.Count > 0)
            yield return new WalkedFile(folder.FullName.TrimEnd(Path.DirectorySeparatorChar) + "/", null, null);
    }

    private static WalkedFile Walked(string path, FileInfo file) =>
        SpecialFile.Kind(file) is { } kind ? new WalkedFile(path, null, kind) : new WalkedFile(path, file, null);

    // A link whose target is missing is there; of a name that was not decoded to what it is on the disk nothing is.
    private static bool IsThere(FileSystemInfo entry) => entry.Attributes != NotThere;

    /// <summary>A path without links; null where it leads nowhere.</summary>
    internal static string? RealPath(string path)
    {
        var rest = new Stack<string>(path.Split('/').Reverse());
        string real = "";
        for (int links = 0; rest.TryPop(out string? part);)
        {
            if (part is "" or ".")
                continue;
            if (part == "..")
            {
                real = real[..Math.Max(0, real.LastIndexOf('/'))];
                continue;
            }
            string next = $"{real}/{part}";
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                if (!Path.Exists(next))
                    return null;
                real = next;
                continue;
            }
            if (++links > MostLinks)
                return null;
            if (target.StartsWith('/'))
                real = "";
            foreach (string segment in target.Split('/').Reverse())
                rest.Push(segment);
        }
        return real.Length == 0 ? "/" : real;
    }
}
