namespace HrNetBatch.LocalStack;

/// <summary>
/// Folders that nobody else puts anything into. Their paths can be guessed, so another user of the machine may have been there
/// first: one that is not ours, or a link to somewhere else, is refused.
/// </summary>
public static class PrivateFolder
{
    /// <summary>For us alone.</summary>
    public const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Others can pass through to what they may read in it, but neither list nor write it.</summary>
    public const UnixFileMode Passable = Closed | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes the folder, or takes one that is ours, with exactly this mode.</summary>
    /// <exception cref="LocalStackException">What stands there is a link or another user's.</exception>
    public static void Make(string folder, UnixFileMode mode = Closed)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        if (FileEntry.At(folder) is null) Directory.CreateDirectory(folder, mode);
        CheckOurs(folder);   // also what was made: another may have been faster
        File.SetUnixFileMode(folder, mode);
    }

    /// <summary>Makes the folder, or takes one that is ours, whose mode stays but for what others could write.</summary>
    /// <exception cref="LocalStackException">What stands there is a link or another user's.</exception>
    public static void Take(string folder, UnixFileMode mode = Closed)
    {
        if (OperatingSystem.IsWindows() || FileEntry.At(folder) is not { } entry)
        {
            Make(folder, mode);
            return;
        }
        CheckOurs(folder);
        if (entry.CanBeWrittenByOthers) File.SetUnixFileMode(folder, entry.Mode & ~(UnixFileMode.GroupWrite | UnixFileMode.OtherWrite));
    }

    /// <summary>True for a real folder of this user that no other can write.</summary>
    public static bool IsPrivate(string folder) =>
        FileEntry.At(folder) is { Kind: FileEntryKind.Folder, IsOurs: true, CanBeWrittenByOthers: false };

    private static void CheckOurs(string folder)
    {
        string? fault = FileEntry.At(folder) switch
        {
            null => "cannot be made",
            { Kind: FileEntryKind.Link } => "is a link to another place",
            { Kind: not FileEntryKind.Folder } => "is not a folder",
            { IsOurs: false, Owner: var owner } => $"belongs to another user (number {owner})",
            _ => null,
        };
        if (fault is not null)
        {
            throw new LocalStackException(
                $"{folder} {fault}, so it is not used: whoever made it could read or change what is kept there. Remove it, or choose another folder.");
        }
    }
}
