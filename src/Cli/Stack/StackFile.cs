using System.Text.Json;
using HrNetBatch.Jobs.Contracts;

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
    public static StackFile? Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<StackFile>(File.ReadAllBytes(PathIn(folder)), Format);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file of the folder at once, so that a reader sees the old or the new one.</summary>
    public void Write()
    {
        string path = PathIn(Data);
        string temporary = path + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(this, Format));
        File.Move(temporary, path, overwrite: true);
    }
}
