using System.Text.RegularExpressions;
using HrNetBatch.Infra.Tests.Lint;
using HrNetBatch.TestKit;
using YamlDotNet.RepresentationModel;

namespace HrNetBatch.Infra.Tests.Workflows;

public sealed partial class WorkflowTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, ".github", "workflows");

    public static TheoryData<string> Workflows => [.. Directory.EnumerateFiles(Folder, "*.yml").Select(file => Path.GetFileName(file))];

    [Theory, MemberData(nameof(Workflows))]
    public Task Actionlint_FindsNothing(string workflow) => Linters.FindNothingAsync("workflow", Path.Combine(Folder, workflow));

    [Theory, MemberData(nameof(Workflows))]
    public void Actions_ArePinnedToACommit_WithTheVersionBeside(string workflow)
    {
        string[] uses = [.. File.ReadLines(Path.Combine(Folder, workflow)).Where(line => line.Contains("uses:", StringComparison.Ordinal))];
        Assert.NotEmpty(uses);
        Assert.All(uses, line => Assert.Matches(Pinned(), line));
    }

    [Theory, MemberData(nameof(Workflows))]
    public void Jobs_MayReadTheRepositoryAndNothingElse_UnlessTheySaySo(string workflow)
    {
        YamlMappingNode root = Read(workflow);
        Assert.All(Pairs(root, "permissions"), one => Assert.Equal("contents: read", one));
        foreach ((YamlNode name, YamlNode job) in (YamlMappingNode)root["jobs"])
        {
            bool signsIn = job.ToString().Contains("azure/login@", StringComparison.Ordinal);
            bool releases = job.ToString().Contains("gh release", StringComparison.Ordinal);
            IEnumerable<string> allowed = ["contents: read", .. signsIn ? ["id-token: write"] : Array.Empty<string>(), .. releases ? ["contents: write"] : Array.Empty<string>()];
            Assert.All(Pairs(job, "permissions"), one => Assert.True(allowed.Contains(one), $"{name} asks for {one}"));
        }
    }

    [Theory, MemberData(nameof(Workflows))]
    public void NoSecret_IsStoredAtGitHub(string workflow) =>
        Assert.DoesNotContain("secrets.", File.ReadAllText(Path.Combine(Folder, workflow)), StringComparison.Ordinal);

    [Fact]
    public void Ci_IsTheScriptThatRunsOnEveryMachine() => Assert.Contains("run: bash .ci/run", File.ReadAllText(Path.Combine(Folder, "ci.yml")), StringComparison.Ordinal);

    [Fact]
    public void ADeployment_WaitsForThePreviewAndForAPerson()
    {
        var jobs = (YamlMappingNode)Read("release.yml")["jobs"];
        Assert.Contains("what-if", jobs["preview"].ToString(), StringComparison.Ordinal);
        Assert.Contains("preview", jobs["deploy"]["needs"].ToString(), StringComparison.Ordinal);
        Assert.Equal("azure", jobs["deploy"]["environment"].ToString());
        Assert.NotEqual(jobs["preview"]["environment"].ToString(), jobs["deploy"]["environment"].ToString());
    }

    [Fact]
    public void ARelease_BuildsEveryImageThatIsDeployed()
    {
        var images = (YamlSequenceNode)Read("release.yml")["jobs"]["images"]["strategy"]["matrix"]["include"];
        Assert.Equal(["hrnet-worker", "hrnet-worker-cuda", "hrnet-dashboard"], images.Select(one => one["image"].ToString() + one["suffix"]));
        Assert.All(images, one => Assert.True(File.Exists(Path.Combine(Repository.Root, "infra", "docker", one["dockerfile"] + ".Dockerfile"))));
    }

    private static YamlMappingNode Read(string workflow)
    {
        var stream = new YamlStream();
        using var text = new StringReader(File.ReadAllText(Path.Combine(Folder, workflow)));
        stream.Load(text);
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static IEnumerable<string> Pairs(YamlNode node, string key) =>
        ((YamlMappingNode)node).Children.TryGetValue(key, out YamlNode? value) && value is YamlMappingNode map ? map.Select(one => $"{one.Key}: {one.Value}") : [];

    [GeneratedRegex(@"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();
}
