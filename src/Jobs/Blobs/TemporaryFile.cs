namespace HrNetBatch.Jobs.Blobs;

/// <summary>Files of this process alone, for what is too large for memory.</summary>
internal static class TemporaryFile
{
    /// <summary>An empty file that is deleted when the caller disposes it.</summary>
    /// <param name="extension">The end of its name, with the dot.</param>
    public static FileStream Create(string extension) => new(
        Path.Combine(Path.GetTempPath(), $"hrnet-{Guid.NewGuid():N}{extension}"),
        FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, 1 << 20, FileOptions.DeleteOnClose | FileOptions.Asynchronous);
}
