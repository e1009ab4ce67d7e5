namespace HrNetBatch.Jobs.Blobs;

/// <summary>
/// Files of this process alone, for what is too large for memory. Nobody else can read them: they may hold somebody's weights. They have no
/// name, so that nothing stays of them when the process is killed.
/// </summary>
public static class TemporaryFile
{
    /// <summary>An empty file that is gone when the caller disposes it.</summary>
    /// <param name="extension">The end of its name, with the dot.</param>
    public static FileStream Create(string extension)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,   // and so under no link that somebody planted
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            BufferSize = 1 << 20,
            Options = FileOptions.Asynchronous | (OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : 0),
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(Path.Combine(Path.GetTempPath(), $"hrnet-{Guid.NewGuid():N}{extension}"), options);
        if (!OperatingSystem.IsWindows())
            File.Delete(file.Name); // it stays open
        return file;
    }
}
