namespace HrNetBatch.TestKit;

/// <summary>The working copy that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder that holds HrNetBatch.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "HrNetBatch.sln"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException($"No HrNetBatch.sln above {AppContext.BaseDirectory}.");
    }
}
