using System.Text.RegularExpressions;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Images;

/// <summary>.dockerignore, as Docker reads it: the last pattern that matches a path or a folder above it decides.</summary>
internal sealed class DockerIgnore
{
    private readonly (Regex Pattern, bool LetsIn)[] _rules;

    public DockerIgnore() =>
        _rules = [.. File.ReadLines(Path.Combine(Repository.Root, ".dockerignore"))
            .Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(Rule)];

    /// <summary>The files that a path of a COPY brings: those in the repository's folder that are not kept out.</summary>
    public IReadOnlyList<string> Files(string source)
    {
        string path = Path.Combine(Repository.Root, source);
        IEnumerable<string> files = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories) : File.Exists(path) ? [path] : [];
        return [.. files.Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Where(file => !KeepsOut(file))];
    }

    /// <summary>Whether the build never sees a file.</summary>
    public bool KeepsOut(string file)
    {
        bool isOut = false;
        foreach ((Regex pattern, bool letsIn) in _rules)
        {
            if (pattern.IsMatch(file)) isOut = !letsIn;
        }
        return isOut;
    }

    private static (Regex, bool) Rule(string line)
    {
        bool letsIn = line[0] == '!';
        string pattern = Regex.Escape((letsIn ? line[1..] : line).Trim('/'))
            .Replace(@"\*\*/", "(?:.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal);
        return (new Regex($"^{pattern}(?:/.*)?$"), letsIn);
    }
}
