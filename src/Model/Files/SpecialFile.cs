namespace HrNetBatch.Model.Files;

/// <summary>What only looks like a file, and would be waited for, or have no end, if it were read.</summary>
public static class SpecialFile
{
    /// <summary>What it is, as what follows "is"; null for a real file, empty or not. Nothing is read, and no pipe is waited for.</summary>
    /// <param name="file">Of a link, what it leads to.</param>
    public static string? Kind(FileInfo file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Length > 0 ? null
            : IsPipe(file) ? "a pipe: write what comes out of it to a file, and name that"
            : file.FullName.StartsWith("/dev/", StringComparison.Ordinal) ? "a device, not a file"
            : null;
    }

    // Opened for reading alone, a pipe without a writer would be waited for. A regular file is not changed by being opened.
    private static bool IsPipe(FileInfo file)
    {
        if (OperatingSystem.IsWindows())
            return false;
        try
        {
            using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return !stream.CanSeek;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
