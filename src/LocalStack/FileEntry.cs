using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace HrNetBatch.LocalStack;

/// <summary>What the file system says about a path itself, links not followed, or about an open file.</summary>
internal readonly partial record struct FileEntry(FileEntryKind Kind, uint Owner, UnixFileMode Mode)
{
    private const UnixFileMode WrittenByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>True when it belongs to the user that this process acts as.</summary>
    public bool IsOurs => Owner == CurrentUser;

    /// <summary>True when its group or everybody may write it.</summary>
    public bool CanBeWrittenByOthers => (Mode & WrittenByOthers) != 0;

    /// <summary>The number of the user that this process acts as.</summary>
    public static uint CurrentUser => OperatingSystem.IsWindows() ? 0 : geteuid();

    /// <summary>Looks at a path; null when there is nothing.</summary>
    public static FileEntry? At(string path)
    {
        path = Path.TrimEndingDirectorySeparator(path);   // with it, a link would be followed
        if (OperatingSystem.IsLinux()) return Ask(CurrentFolder, path, DoNotFollow);

        // The owner is known on Linux alone, where machines have more users than one.
        FileSystemInfo found = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        if (found.LinkTarget is not null) return new FileEntry(FileEntryKind.Link, CurrentUser, UnixFileMode.None);
        if (!found.Exists) return null;
        return new FileEntry(found is DirectoryInfo ? FileEntryKind.Folder : FileEntryKind.File, CurrentUser, ModeOf(found));
    }

    /// <summary>Looks at an open file, whatever stands at its path by now.</summary>
    public static FileEntry Of(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux()) return Ask(file.DangerousGetHandle().ToInt32(), "", EmptyPath)!.Value;
        return new FileEntry(FileEntryKind.File, CurrentUser, OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file));
    }

    private static UnixFileMode ModeOf(FileSystemInfo found) => OperatingSystem.IsWindows() ? UnixFileMode.None : found.UnixFileMode;

    private static unsafe FileEntry? Ask(int folder, string path, int flags)
    {
        Status status;
        if (statx(folder, path, flags, BasicStatus, &status) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error is NoEntry or NoFolder) return null;
            string what = $"'{path}' cannot be looked at.";
            throw error == NoAccess ? new UnauthorizedAccessException(what) : new IOException(what, error);
        }
        FileEntryKind kind = (status.Mode & KindMask) switch
        {
            0x4000 => FileEntryKind.Folder,
            0x8000 => FileEntryKind.File,
            0xA000 => FileEntryKind.Link,
            _ => FileEntryKind.Other,
        };
        return new FileEntry(kind, status.Owner, (UnixFileMode)(status.Mode & ModeMask));
    }

    private const int CurrentFolder = -100, DoNotFollow = 0x100, EmptyPath = 0x1000; // AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH
    private const uint BasicStatus = 0x7FF;
    private const int NoEntry = 2, NoAccess = 13, NoFolder = 20;
    private const int KindMask = 0xF000, ModeMask = 0xFFF;

    // Linux' struct statx, the same on every processor: 256 bytes, of which these are asked for.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int folder, string path, int flags, uint mask, Status* status);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}

/// <summary>What stands at a path.</summary>
internal enum FileEntryKind
{
    File,
    Folder,
    Link,
    Other,
}
