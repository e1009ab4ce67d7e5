using System.Text.RegularExpressions;
using HrNetBatch.Model.Data;

namespace HrNetBatch.Model.Files;

/// <summary>What the file system refused, and what to do: .NET says it in its own words, and names the path amid them.</summary>
public static partial class FileFault
{
    // Linux' numbers of errors, which .NET keeps in HResult where it has no exception for them.
    private const int Disk = 5, Taken = 11, Busy = 16, Exists = 17, NoFolder = 20, Folder = 21, OpenInSystem = 23, OpenInProcess = 24, Running = 26,
        TooLarge = 27, Full = 28, ReadOnly = 30, Pipe = 32, NameTooLong = 36, NotEmpty = 39, Links = 40, Quota = 122;

    /// <summary>Whether an exception is of the file system.</summary>
    public static bool Is(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>What is wrong, as what follows the name of a file or folder.</summary>
    /// <param name="error">What .NET said.</param>
    /// <param name="path">The file or folder, where it is known: it may stand there as something else.</param>
    public static string Of(Exception error, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            UnauthorizedAccessException when IsOpenFolder(path) => "is a folder",
            UnauthorizedAccessException => "may not be used by this user: change its permissions or those of its folder",
            FileNotFoundException or DirectoryNotFoundException => Absence(path),
            PathTooLongException => "has too long a name",
            EndOfStreamException => "ends where more should come",
            _ => OfNumber(path is not null && error.HResult < 0 && new FileInfo(path).LinkTarget is not null ? Links : error.HResult),   // .NET follows links itself, and has no number then
        };
    }

    /// <summary>The same of one that was to be made: that it does not exist is no fault then.</summary>
    /// <param name="error">What .NET said.</param>
    /// <param name="path">The file or folder.</param>
    public static string OfWriting(Exception error, string path) =>
        error is FileNotFoundException or DirectoryNotFoundException ? "cannot be made: the folder above it takes nothing, or does not exist" : Of(error, path);

    /// <summary>The same as a sentence that begins with the path, as far as the message names it.</summary>
    public static string Sentence(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        string? path = (error as FileNotFoundException)?.FileName ?? (Quoted().Match(error.Message) is { Success: true } quoted ? quoted.Groups["path"].Value : null);
        return $"{path ?? "A file or folder"} {Of(error, path)}.";
    }

    /// <summary>Why nothing is found under a path, as what follows it.</summary>
    public static string Absence(string? path)
    {
        if (string.IsNullOrEmpty(path))
            return "does not exist";
        if (path.Contains(FolderWalk.NoUtf8))
            return $"is {FolderWalk.NotUtf8}";
        string? above = Path.GetDirectoryName(Path.GetFullPath(path));
        while (above is not null && !Path.Exists(above))
            above = Path.GetDirectoryName(above);
        return File.Exists(above) ? $"does not exist: {above} is a file, not a folder" : "does not exist";
    }

    // To open a folder as a file is no more allowed than to open one that is closed to us.
    private static bool IsOpenFolder(string? path)
    {
        try
        {
            return Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Take(1).Count() >= 0;
        }
        catch (Exception error) when (Is(error))
        {
            return false;
        }
    }

    private static string OfNumber(int number) => number switch
    {
        Disk => "cannot be read or written: its disk reports an error",
        Taken or Busy or Running => "is in use by another program: try again when that has ended",
        Exists => "is there already, as a file",
        NoFolder => "cannot be reached: a part of its path is a file, not a folder",
        Folder => "is a folder",
        OpenInProcess or OpenInSystem => "cannot be opened: too many files are open (ulimit -n)",
        TooLarge => "would be larger than its disk, or this user, may have files",
        Full or Quota => "cannot be written: there is no room left on its disk. Make room, or name a place on another disk",
        ReadOnly => "cannot be written: its disk is read-only",
        Pipe => "leads to a program that has ended",
        NameTooLong => "has too long a name",
        NotEmpty => "is a folder that is not empty",
        Links => "is a link that leads in a circle, or through too many others: name what it is meant to lead to",
        _ => "cannot be read or written",
    };

    [GeneratedRegex("'(?<path>.+)'", RegexOptions.Singleline)]
    private static partial Regex Quoted();
}
