using System.Text.RegularExpressions;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Docs;

/// <summary>Pages whose steps cannot be run here: at least what they name is there.</summary>
public sealed partial class DocsTests
{
    private static readonly string[] Sources =
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal))];

    public static TheoryData<string> Pages =>
        [.. new[] { ".", "docs", "infra" }.SelectMany(folder => Directory.EnumerateFiles(
            Path.Combine(Repository.Root, folder), "*.md", folder == "infra" ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly))
            .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory, MemberData(nameof(Pages))]
    public void Links_LeadToFilesAndHeadings(string page)
    {
        string file = Path.Combine(Repository.Root, page);
        var broken = new List<string>();
        foreach (Match link in Link().Matches(File.ReadAllText(file)))
        {
            string[] target = link.Groups[1].Value.Split('#');
            string path = target[0].Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, target[0]));
            bool isThere = File.Exists(path) || Directory.Exists(path);
            if (!isThere || (target.Length > 1 && path.EndsWith(".md", StringComparison.Ordinal) && !Anchors(path).Contains(target[1]))) broken.Add(link.Value);
        }
        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    [Fact]
    public void TheStepsToAzure_NameOutputsOfTheTemplate()
    {
        string template = Read("infra/bicep/main.bicep");
        Assert.All(Output().Matches(Read("docs/azure.md")), match => Assert.Contains($"\noutput {match.Groups[1].Value} ", template, StringComparison.Ordinal));
    }

    [Fact]
    public void TheStepsToAzure_NameVariablesThatAreRead()
    {
        string readers = string.Concat(new[] { "infra", ".github" }.SelectMany(folder =>
            Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*", SearchOption.AllDirectories)).Select(File.ReadAllText)) + Read("azure.yaml");
        Assert.All(Variable().Matches(Read("docs/azure.md")).Select(match => match.Value).Distinct(), name => Assert.Contains(name, readers, StringComparison.Ordinal));
    }

    [Fact]
    public void Alerts_AreOverMetricsThatWeHave()
    {
        string[] instruments = [.. typeof(HrNetTelemetry).GetProperties().Select(one => one.GetValue(null)).OfType<System.Diagnostics.Metrics.Instrument>()
            .Select(one => one.Name.Replace('.', '_'))];
        string[] named = [.. Metric().Matches(Read("docs/operations.md")).Select(match => match.Value)];
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(instruments, instrument => name == $"{instrument}_seconds_bucket" || name == $"{instrument}_seconds_count" || name == $"{instrument}_total"));
    }

    [Fact]
    public void Events_AreLoggedSomewhere()
    {
        HashSet<string> ids = [.. Sources.SelectMany(file => LoggedEvent().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value)];
        string[] named = [.. NamedEvent().Matches(Read("docs/operations.md")).SelectMany(match => Number().Matches(match.Value)).Select(match => match.Value)];
        Assert.True(named.Length > 10, "hardly any event is named");
        Assert.All(named, id => Assert.Contains(id, ids));
    }

    private static string Read(string page) => File.ReadAllText(Path.Combine(Repository.Root, page));

    /// <summary>As GitHub makes them of headings.</summary>
    private static HashSet<string> Anchors(string page) =>
        [.. File.ReadLines(page).Where(line => line.StartsWith('#'))
            .Select(line => NotInAnchors().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'))];

    [GeneratedRegex(@"\]\((?!https?:|mailto:)([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\$\(output (\w+)")]
    private static partial Regex Output();

    [GeneratedRegex(@"\bHRNET_[A-Z_]+\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\bhrnetbatch_(?:job|attempt|lease|train|classify|intake|events)_\w+(?=[{\[])")]
    private static partial Regex Metric();

    [GeneratedRegex(@"LoggerMessage\(\s*(\d+),")]
    private static partial Regex LoggedEvent();

    [GeneratedRegex(@"\bevent \d+|Event in \([\d, ]+\)")]
    private static partial Regex NamedEvent();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
