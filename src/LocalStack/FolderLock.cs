namespace HrNetBatch.LocalStack;

/// <summary>An exclusive claim on a folder that the operating system drops when its process ends, however it ends.</summary>
public sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Claims the lock file, or returns null when another process holds it.</summary>
    public static FolderLock? TryTake(string lockFile)
    {
        try
        {
            return new FolderLock(new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
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
