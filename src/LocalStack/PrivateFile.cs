namespace HrNetBatch.LocalStack;

/// <summary>Files that only we can read, in folders of ours.</summary>
public static class PrivateFile
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces the file at once, so that a reader sees the old or the new one. A link at its place is replaced, not followed.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        File.Delete(temporary);   // left by a process that was killed
        using (FileStream file = Create(temporary)) file.Write(content);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Makes a file that must not exist yet, under a link neither. The caller disposes it.</summary>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Closed;
        return new FileStream(path, options);
    }

    /// <summary>Reads a file of ours that nobody else can have written.</summary>
    /// <exception cref="LocalStackException">Another user owns it or its folder, or can write them: its content may be theirs.</exception>
    public static byte[] Read(string path)
    {
        if (OperatingSystem.IsWindows()) return File.ReadAllBytes(path);
        if (FileEntry.At(path) is { Kind: not FileEntryKind.File }) throw Refused(path, "is a link, or no file at all");
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

        // The open file is asked, not its path: in a folder of others, another may stand there by now.
        FileEntry entry = FileEntry.Of(file.SafeFileHandle);
        if (!entry.IsOurs) throw Refused(path, $"belongs to another user (number {entry.Owner})");
        if (entry.CanBeWrittenByOthers) throw Refused(path, "can be written by other users");
        string? fault = FileEntry.At(Path.GetDirectoryName(path)!) switch
        {
            null or { Kind: not FileEntryKind.Folder } => "lies behind a link",
            { IsOurs: false, Owner: var owner } => $"lies in a folder of another user (number {owner})",
            { CanBeWrittenByOthers: true } => "lies in a folder that other users can write",
            _ => null,
        };
        if (fault is not null) throw Refused(path, fault);
        using var content = new MemoryStream();
        file.CopyTo(content);
        return content.ToArray();
    }

    private static LocalStackException Refused(string path, string fault) =>
        new($"{path} {fault}, so it is not used: what it says may be somebody else's. Remove it if it is not yours, or make it yours alone (chown, chmod go-w).");
}
