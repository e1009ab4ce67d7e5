using System.Text.Json;

namespace HrNetBatch.ThirdParty;

/// <summary>The npm packages that <c>hrnet up</c> and <c>hrnet demo</c> fetch, from the lock files under <c>local</c>.</summary>
internal static class NpmLists
{
    /// <summary>A table row for each package that a list names, with what it brings along.</summary>
    public static IEnumerable<string> Rows(string repository)
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(repository, "local"), "package-lock.json", SearchOption.AllDirectories)
            .Where(file => !file.Contains("node_modules", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            (string Name, string Version, string License)[] packages =
            [
                .. document.RootElement.GetProperty("packages").EnumerateObject().Where(one => one.Name.Length > 0)
                    .Select(one => (one.Name[(one.Name.LastIndexOf("node_modules/", StringComparison.Ordinal) + 13)..],
                        one.Value.GetProperty("version").GetString()!,
                        one.Value.TryGetProperty("license", out JsonElement license) ? license.GetString()! : "none given")),
            ];
            JsonElement root = document.RootElement.GetProperty("packages").GetProperty("");
            string[] named =
            [
                .. new[] { "dependencies", "optionalDependencies" }
                    .SelectMany(kind => root.TryGetProperty(kind, out JsonElement list) ? list.EnumerateObject().Select(one => one.Name) : []),
            ];
            foreach ((string name, string version, string license) in packages.Where(one => named.Contains(one.Name)).DistinctBy(one => one.Name))
                yield return $"| {name} | {version} | {license} |";
            (string Name, string Version, string License)[] others = [.. packages.Where(one => !named.Contains(one.Name))];
            if (others.Length == 0) continue;
            string counts = string.Join(", ", others.GroupBy(one => one.License).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => $"{group.Count()} {group.Key}"));
            yield return $"| and {others.Length} that it brings along | in {Path.GetRelativePath(repository, file).Replace('\\', '/')} | {counts} |";
        }
    }
}
