namespace HrNetBatch.Dashboard;

/// <summary>
/// The kinds of job by name, from their schemas in docs/schemas. The table of kinds holds their handlers as well, and with them libtorch;
/// a test compares the two.
/// </summary>
internal static class KindNames
{
    private const string Prefix = "schemas/", Suffix = ".json";

    /// <summary>Every kind, by name.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. typeof(KindNames).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal)];
}
