namespace HrNetBatch.LocalStack;

/// <summary>An exclusive claim on a folder that the operating system drops when its process ends, however it ends.</summary>
public sealed class FolderLock : IDisposable
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Claims the lock file, or returns null when another process holds it.</summary>
    public static FolderLock? TryTake(string lockFile)
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Closed;
            var file = new FileStream(lockFile, options);
            // Whoever can open it can hold it; those of earlier versions were open to all.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file.SafeFileHandle, Closed);
            return new FolderLock(file);
        }
        catch (IOException) when (File.Exists(lockFile))
        {
            return null;
        }
    }

    /// <summary>Claims the lock file, waiting for as long as another process holds it.</summary>
    public static async Task<FolderLock> TakeAsync(string lockFile, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(lockFile) is { } taken) return taken;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
