using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.LocalStack;

namespace HrNetBatch.Cli.Stack;

/// <summary>stack.json: how other commands find a running stack.</summary>
internal sealed record StackFile
{
    private static readonly JsonSerializerOptions Format = new(JobJson.Options) { WriteIndented = true };

    /// <summary>The stack's folder.</summary>
    public required string Data { get; init; }

    /// <summary>The dashboard's address; null without one.</summary>
    public string? Dashboard { get; init; }

    /// <summary>What every program of the stack is configured with, as <c>Section:Key</c>.</summary>
    public required IReadOnlyDictionary<string, string> Configuration { get; init; }

    /// <summary>Process ids by name; <c>up</c> is the one that keeps the others.</summary>
    public required IReadOnlyDictionary<string, int> Processes { get; init; }

    /// <summary>Log files by name.</summary>
    public required IReadOnlyDictionary<string, string> Logs { get; init; }

    /// <summary>The file's path in a stack's folder.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, "stack.json");

    /// <summary>Reads the file of a folder; null when there is none, or it was cut short.</summary>
    /// <exception cref="LocalStackException">It is not ours alone, or leads away from this machine.</exception>
    public static StackFile? Read(string folder)
    {
        try
        {
            StackFile? file = JsonSerializer.Deserialize<StackFile>(PrivateFile.Read(PathIn(folder)), Format);
            if (file is not null) StackAddresses.Check(file, PathIn(folder));
            return file;
        }
        catch (UnauthorizedAccessException)
        {
            throw new UserException(
                $"{PathIn(folder)} may not be read by this user: the stack is for whoever ran `hrnet up` alone. Run the command as that user, or name a stack of your own with --stack DIR.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file of the folder at once, for us alone to read: it holds the passwords of everything.</summary>
    public void Write() => PrivateFile.Write(PathIn(Data), JsonSerializer.SerializeToUtf8Bytes(this, Format));
}
