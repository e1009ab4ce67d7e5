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

    /// <summary>
    /// Why a file cannot be relied on: another user owns or can write it or its folder, so its content may be theirs; null when
    /// it can.
    /// </summary>
    /// <param name="file">The file, open.</param>
    /// <param name="folder">The folder it lies in.</param>
    public static string? WhyNotOurs(FileStream file, string folder)
    {
        if (OperatingSystem.IsWindows()) return null;
        FileEntry entry = FileEntry.Of(file.SafeFileHandle);
        if (!entry.IsOurs) return $"belongs to another user (number {entry.Owner})";
        if (entry.CanBeWrittenByOthers) return "can be written by other users";
        return FileEntry.At(folder) switch
        {
            null or { Kind: not FileEntryKind.Folder } => "lies behind a link",
            { IsOurs: false, Owner: var owner } => $"lies in a folder of another user (number {owner})",
            { CanBeWrittenByOthers: true } => "lies in a folder that other users can write",
            _ => null,
        };
    }
}
