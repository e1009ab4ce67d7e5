namespace HrNetBatch.LocalStack;

/// <summary>Where downloads that any stack of this machine can share are kept.</summary>
public static class CacheFolder
{
    /// <summary>
    /// <c>$HRNET_CACHE</c>, else the user's cache folder; for root a system folder, because PostgreSQL refuses to run as root
    /// and the user that it runs as instead cannot look into root's home.
    /// </summary>
    public static string Path { get; } = Find();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("HRNET_CACHE") is { Length: > 0 } given) return System.IO.Path.GetFullPath(given);
        if (Environment.IsPrivilegedProcess) return "/var/cache/hrnet-batch";
        string? caches = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(caches))
            caches = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return System.IO.Path.Combine(caches, "hrnet-batch");
    }
}
