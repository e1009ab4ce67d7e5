using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Files;

namespace HrNetBatch.Cli;

/// <summary>Folders of this machine that a command writes into.</summary>
internal static class LocalFolder
{
    /// <summary>Makes one with those above it where it is missing, and says so: it may be a misspelt one.</summary>
    public static void Make(string path)
    {
        if (Directory.Exists(path)) return;
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        for (string? above = full; above is not null; above = Path.GetDirectoryName(above))
        {
            if (File.Exists(above))
                throw new UserException($"{above} is a file, so nothing can be made in it: name a folder, which need not exist.", UserException.WrongRequest);
        }
        try
        {
            Directory.CreateDirectory(full);
        }
        catch (Exception error) when (FileFault.Is(error))
        {
            throw new UserException($"The folder {full} {FileFault.OfWriting(error, full)}.");
        }
        Screen.Say($"Made the folder {full}.");
    }
}
