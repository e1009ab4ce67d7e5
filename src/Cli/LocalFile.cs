using HrNetBatch.Model.Files;

namespace HrNetBatch.Cli;

/// <summary>Files of this machine that a command line names.</summary>
internal static class LocalFile
{
    // What a shell puts in place of <(command), and standard input: somebody writes to them.
    private static readonly string[] GivenPipes = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"];

    /// <summary>Opens one, seekable. The caller disposes it.</summary>
    /// <param name="path">As it was typed.</param>
    /// <param name="what">What it is named as, with its article: the beginning of a refusal.</param>
    /// <exception cref="UserException">It cannot be read; the message says why.</exception>
    public static FileStream Open(string path, string what)
    {
        if (Fault(path) is { } fault)
            throw new UserException($"{what} {path} {fault}{(Directory.Exists(path) ? ": name the file in it" : "")}.", UserException.WrongRequest);
        FileStream stream = File.OpenRead(path);
        if (stream.CanSeek) return stream;
        stream.Dispose();
        throw new UserException($"{what} {path} is a pipe: write what comes out of it to a file, and name that.", UserException.WrongRequest);
    }

    /// <summary>Refuses a path that is to be a folder and is a file.</summary>
    /// <param name="path">As it was typed; null: nothing was.</param>
    /// <param name="option">What names it.</param>
    public static void RefuseAsFolder(string? path, string option)
    {
        if (File.Exists(path))
            throw new UserException($"{option}: {path} is a file; name a folder, which need not exist.", UserException.WrongRequest);
    }

    /// <summary>Why a path cannot be read as a file, as what follows it; null where it can. Nothing is read, and no pipe is waited for.</summary>
    public static string? Fault(string path)
    {
        if (Directory.Exists(path)) return "is a folder";
        if (!File.Exists(path)) return FileFault.Absence(path);
        if (GivenPipes.Any(pipe => path.StartsWith(pipe, StringComparison.Ordinal))) return null;
        try
        {
            if (File.ResolveLinkTarget(Path.GetFullPath(path), returnFinalTarget: true) is { Exists: false } target)
                return $"is a link to {target.FullName}, which does not exist";
            if (new FileInfo(path) is { Length: 0 } empty)
                return SpecialFault(empty) ?? (empty.FullName.StartsWith("/proc/", StringComparison.Ordinal) ? null : "is empty");
            using FileStream readable = File.OpenRead(path);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return "may not be read by this user: change its permissions, or copy it";
        }
        catch (IOException error)
        {
            return FileFault.Of(error, path);
        }
    }

    /// <summary>What a file is that only looks like one, as what follows its name; null for a real one, empty or not.</summary>
    public static string? SpecialFault(FileInfo file) => SpecialFile.Kind(file) is { } kind ? $"is {kind}" : null;
}
