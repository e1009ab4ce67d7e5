namespace HrNetBatch.ThirdParty;

/// <summary>THIRD-PARTY-NOTICES.md: the prose of notices.template.md and the tables of what a restore has found.</summary>
public static class Notices
{
    /// <summary>The file's text.</summary>
    public static string Write(string repository, IEnumerable<Package> packages)
    {
        using Stream template = typeof(Notices).Assembly.GetManifestResourceStream("notices.template.md")!;
        using var reader = new StreamReader(template);
        return reader.ReadToEnd()
            .Replace("{{nuget}}", string.Join('\n', packages.Select(Row)), StringComparison.Ordinal)
            .Replace("{{npm}}", string.Join('\n', NpmLists.Rows(repository)), StringComparison.Ordinal);
    }

    private static string Row(Package package)
    {
        string name = package.Address is null ? package.Id : $"[{package.Id}]({package.Address})";
        return $"| {name} | {package.Version} | {package.License} | {package.Authors.Replace("|", "\\|", StringComparison.Ordinal)} |";
    }
}
