using System.Xml.Linq;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Images;

/// <summary>The files that a build of a project reads, as far as project files name them.</summary>
internal static class BuildInputs
{
    // MSBuild, NuGet, the SDK and the analyzers find these by their names, from each project's folder upwards.
    private static readonly string[] FoundByName =
        ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt"];

    /// <summary>Project files: of the folder's project and of all that it refers to.</summary>
    public static IReadOnlyList<string> Projects(string folder)
    {
        var found = new List<string>();
        var queue = new Queue<string>([Directory.EnumerateFiles(folder, "*.csproj").Single()]);
        while (queue.TryDequeue(out string? project))
        {
            if (found.Contains(project)) continue;
            found.Add(project);
            foreach (string reference in Attributes(project, "ProjectReference")) queue.Enqueue(Absolute(project, reference));
        }
        return found;
    }

    /// <summary>Relative to the repository: projects, what is found by its name, sources, and what projects embed from elsewhere.</summary>
    public static IEnumerable<string> Of(string folder)
    {
        foreach (string file in FoundByName.Where(file => File.Exists(Path.Combine(Repository.Root, file)))) yield return file;
        foreach (string project in Projects(folder))
        {
            string home = Path.GetDirectoryName(project)!;
            if (File.Exists(Path.Combine(home, "..", "Directory.Build.props"))) yield return Relative(Path.Combine(home, "..", "Directory.Build.props"));
            yield return Relative(project);
            foreach (string source in Directory.EnumerateFiles(home, "*.cs", SearchOption.AllDirectories).Where(source => !IsBuilt(home, source))) yield return Relative(source);
            foreach (string pattern in Attributes(project, "EmbeddedResource").Concat(Attributes(project, "None")).SelectMany(list => list.Split(';')))
            {
                if (pattern.Contains('$', StringComparison.Ordinal)) continue;
                foreach (string file in Matches(project, pattern)) yield return Relative(file);
            }
        }
    }

    private static IEnumerable<string> Matches(string project, string pattern)
    {
        string absolute = Absolute(project, pattern);
        int star = absolute.IndexOf('*', StringComparison.Ordinal);
        if (star < 0) return [absolute];
        string root = absolute[..(absolute.LastIndexOf('/', star) + 1)];
        SearchOption depth = pattern.Contains("**", StringComparison.Ordinal) ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly;
        return Directory.EnumerateFiles(root, Path.GetFileName(absolute), depth)
            .Where(file => !IsBuilt(root, file) && !file.Contains("node_modules", StringComparison.Ordinal) && !file.EndsWith(".cs", StringComparison.Ordinal));
    }

    private static bool IsBuilt(string home, string file) => Path.GetRelativePath(home, file).Split('/')[0] is "bin" or "obj";

    private static IEnumerable<string> Attributes(string project, string element) =>
        XDocument.Load(project).Descendants(element).Select(one => one.Attribute("Include")?.Value).OfType<string>();

    private static string Absolute(string project, string path) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, path.Replace('\\', '/')));

    private static string Relative(string file) => Path.GetRelativePath(Repository.Root, Path.GetFullPath(file)).Replace('\\', '/');
}
