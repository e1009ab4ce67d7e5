using System.Text.RegularExpressions;
using System.Xml.Linq;
using HrNetBatch.Infra.Tests.Lint;
using HrNetBatch.TestKit;
using HrNetBatch.ThirdParty;

namespace HrNetBatch.Infra.Tests.Release;

/// <summary>What we say of others' work is what we ship.</summary>
public sealed partial class ThirdPartyTests
{
    private const string Remedy = "Write them anew: dotnet run --project tools/ThirdParty -- notices";
    private static readonly IReadOnlyList<Package> Shipped = ShippedPackages.Read(Repository.Root);
    private static readonly string Notices = File.ReadAllText(Path.Combine(Repository.Root, "THIRD-PARTY-NOTICES.md"));

    [Fact]
    public void Notices_NameEveryPackageThatIsShipped_WithItsLicence_AndNoOther()
    {
        // Versions of packages that only others ask for follow from what a feed has, so they may differ from feed to feed.
        string[] listed = [.. Row().Matches(Section("## NuGet packages")).Select(row => $"{row.Groups["id"].Value} {row.Groups["license"].Value}").Order(StringComparer.Ordinal)];
        string[] shipped = [.. Shipped.Select(one => $"{one.Id} {one.License}").Order(StringComparer.Ordinal)];
        Assert.True(shipped.Length > 40, "hardly anything was found");
        Assert.True(shipped.SequenceEqual(listed), $"missing: {string.Join(", ", shipped.Except(listed))}; too many: {string.Join(", ", listed.Except(shipped))}. {Remedy}");
    }

    [Fact]
    public void Notices_NameTheVersions_ThatWePin()
    {
        var pinned = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(one => one.Attribute("Include")!.Value, one => one.Attribute("Version")!.Value, StringComparer.OrdinalIgnoreCase);
        var wrong = Row().Matches(Section("## NuGet packages"))
            .Where(row => pinned.TryGetValue(row.Groups["id"].Value, out string? version) && version != row.Groups["version"].Value).Select(row => row.Value);
        Assert.True(!wrong.Any(), $"{string.Join('\n', wrong)}\n{Remedy}");
    }

    [Fact]
    public void WhatIsShipped_HasThePackagesWhoseFilesAreCopiedByPath_AndNoToolsOfTheBuild()
    {
        Assert.Contains(Shipped, one => one.Id == "libtorch-cpu-linux-x64");
        Assert.Contains(Shipped, one => one.Id == "Microsoft.ML.OnnxRuntime");
        Assert.DoesNotContain(Shipped, one => one.Id is "Grpc.Tools" or "Microsoft.CodeAnalysis.BannedApiAnalyzers");
    }

    [Fact]
    public void Copyleft_IsWhatTheNoticesExplain()
    {
        string explained = Section("## What asks for more");
        Assert.All(Shipped.Where(one => one.License.Contains("GPL", StringComparison.Ordinal)),
            one => Assert.Contains(one.Id.StartsWith("Hangfire.", StringComparison.Ordinal) ? "Hangfire" : "NetVips.Native", explained, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TheBillOfMaterials_IsValidCycloneDx_AndNamesEveryPackage()
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("bom.json");
        string text = Sbom.Write("1.2.3", Shipped, DateTimeOffset.UnixEpoch);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        Assert.All(Shipped, one => Assert.Contains($"pkg:nuget/{one.Id}@{one.Version}", text, StringComparison.Ordinal));
        await Linters.FindNothingAsync("cyclonedx", file);
    }

    private static string Section(string heading)
    {
        int start = Notices.IndexOf(heading, StringComparison.Ordinal);
        int end = Notices.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        return Notices[start..end];
    }

    [GeneratedRegex(@"^\| \[?(?<id>[\w.-]+)\]?(?:\([^)]*\))? \| (?<version>\d[\w.-]*) \| (?<license>[^|]+?) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
