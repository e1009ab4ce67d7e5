using System.Xml.Linq;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Release;

public sealed class VersionTests
{
    private static readonly string Version =
        XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

    [Fact]
    public void TheChangelog_TellsOfTheVersion_OrOfWhatComes()
    {
        string[] headings = [.. File.ReadLines(Path.Combine(Repository.Root, "CHANGELOG.md")).Where(line => line.StartsWith("## ", StringComparison.Ordinal))];
        Assert.Equal("## [Unreleased]", headings[0]);
        Assert.StartsWith($"## [{Version}]", headings[1], StringComparison.Ordinal);
    }

    [Fact]
    public void TheVersion_StandsOnce()
    {
        IEnumerable<string> others = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(project => XDocument.Load(project).Descendants().Any(one => one.Name.LocalName is "Version" or "VersionPrefix"));
        Assert.Empty(others);
    }

    [Fact]
    public async Task Hrnet_TellsIt()
    {
        using ProgramProcess hrnet = ProgramProcess.StartWith("hrnet.dll", "--version");
        Assert.Equal(0, await hrnet.ExitAsync());
        Assert.StartsWith(Version, hrnet.Log.Trim(), StringComparison.Ordinal); // an empty line stands for the end of the error output
    }
}
