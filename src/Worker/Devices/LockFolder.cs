using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Devices;

/// <summary>The folder of the GPUs' lock files.</summary>
internal static class LockFolder
{
    private const UnixFileMode Closed = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes it where it is missing. The default's name can be guessed, so one that somebody else made is refused.</summary>
    /// <exception cref="OptionsValidationException">It is a link, or another user's.</exception>
    public static void Prepare(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }
        Directory.CreateDirectory(folder, Closed);
        if (new DirectoryInfo(folder).LinkTarget is not null)
            throw Refused(folder, "is a link to another place");
        if (folder != WorkerOptions.OwnLockFolder)
            return;   // chosen by somebody, perhaps for workers of several users
        try
        {
            File.SetUnixFileMode(folder, Closed);   // only its owner may
        }
        catch (UnauthorizedAccessException)
        {
            throw Refused(folder, "belongs to another user");
        }
    }

    private static OptionsValidationException Refused(string folder, string fault) => new(WorkerOptions.Section, typeof(WorkerOptions), [
        $"{folder} {fault}, so locks in it keep nobody off the GPUs. Remove it, or name a folder of your own in {WorkerOptions.Section}:LockFolder."]);
}
