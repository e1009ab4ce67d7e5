using System.Text.Json;

namespace HrNetBatch.ThirdParty;

/// <summary>Finds the packages of which files reach users: what the programs under <c>src</c> were restored with, less what only builds them.</summary>
public static class ShippedPackages
{
    private const string Framework = "net10.0";
    private static readonly string[] ShippedAssets = ["runtime", "native", "runtimeTargets"];

    /// <summary>Reads <c>src/*/obj/project.assets.json</c>. Of a package in several versions the newest counts: it is the one that lies beside all programs together.</summary>
    /// <param name="repository">The repository's root.</param>
    /// <exception cref="InvalidDataException">Nothing was restored, or a package's licence cannot be told; the message says what to do.</exception>
    public static IReadOnlyList<Package> Read(string repository)
    {
        var found = new Dictionary<string, (string Version, string Folder, string Sha512)>(StringComparer.OrdinalIgnoreCase);
        foreach (string project in Directory.EnumerateFiles(Path.Combine(repository, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            string assets = Path.Combine(Path.GetDirectoryName(project)!, "obj", "project.assets.json");
            if (!File.Exists(assets)) throw new InvalidDataException($"{assets} is missing: run `dotnet restore` first.");
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(assets));
            foreach ((string id, string version, string folder, string sha512) in ReadProject(document.RootElement))
            {
                if (!found.TryGetValue(id, out var other) || Number(other.Version) < Number(version)) found[id] = (version, folder, sha512);
            }
        }
        return [.. found.OrderBy(one => one.Key, StringComparer.OrdinalIgnoreCase).Select(one => Nuspec.Describe(one.Value.Version, one.Value.Folder, one.Value.Sha512))];
    }

    private static IEnumerable<(string Id, string Version, string Folder, string Sha512)> ReadProject(JsonElement assets)
    {
        HashSet<string> copied = CopiedByPath(assets);
        string[] roots = [.. assets.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];
        foreach (JsonProperty entry in assets.GetProperty("targets").GetProperty(Framework).EnumerateObject())
        {
            string[] name = entry.Name.Split('/');
            if (entry.Value.GetProperty("type").GetString() != "package" || !(IsShipped(entry.Value) || copied.Contains(name[0]))) continue;
            JsonElement library = assets.GetProperty("libraries").GetProperty(entry.Name);
            string path = library.GetProperty("path").GetString()!;
            string folder = roots.Select(root => Path.Combine(root, path)).FirstOrDefault(Directory.Exists)
                ?? throw new InvalidDataException($"{entry.Name} lies in none of {string.Join(", ", roots)}: run `dotnet restore`.");
            yield return (name[0], name[1], folder, library.GetProperty("sha512").GetString()!);
        }
    }

    /// <summary>Packages whose files our own projects copy out of the package's folder, although none of their assets are taken (libtorch).</summary>
    private static HashSet<string> CopiedByPath(JsonElement assets) =>
        assets.GetProperty("project").GetProperty("frameworks").GetProperty(Framework).TryGetProperty("dependencies", out JsonElement dependencies)
            ? [.. dependencies.EnumerateObject()
                .Where(one => one.Value.TryGetProperty("generatePathProperty", out JsonElement value) && value.ValueKind == JsonValueKind.True)
                .Select(one => one.Name)]
            : [];

    private static Version Number(string version) => Version.Parse(version.Split('-')[0]);

    // `_._` is NuGet's way to say "nothing here": the framework has it already.
    private static bool IsShipped(JsonElement target) =>
        Array.Exists(ShippedAssets, kind => target.TryGetProperty(kind, out JsonElement files)
            && files.EnumerateObject().Any(file => !file.Name.EndsWith("_._", StringComparison.Ordinal)));
}
