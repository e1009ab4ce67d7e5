namespace HrNetBatch.Cli.Stack;

/// <summary>Finds the folder that holds a local stack: its data, logs and stack.json.</summary>
internal static class StackFolder
{
    private const string DefaultName = ".hrnet";

    /// <summary>Where a stack is to run: the folder given, else $HRNET_STACK, else .hrnet in the current folder.</summary>
    public static string ToRun(string? given) => Path.GetFullPath(given ?? FromEnvironment() ?? DefaultName);

    /// <summary>Where a stack may be running: as <see cref="ToRun"/>, but an .hrnet of a folder above counts too.</summary>
    public static string ToUse(string? given)
    {
        if ((given ?? FromEnvironment()) is { } named) return Path.GetFullPath(named);
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, DefaultName);
            if (File.Exists(StackFile.PathIn(candidate))) return candidate;
        }
        return Path.GetFullPath(DefaultName);
    }

    private static string? FromEnvironment() => Environment.GetEnvironmentVariable("HRNET_STACK") is { Length: > 0 } folder ? folder : null;
}
