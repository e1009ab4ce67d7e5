using System.Globalization;
using System.Reflection;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;

namespace HrNetBatch.Model.Tests.Configuration;

/// <summary>docs/configuration.md says what the code does.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public void EveryKey_StandsInTheDocumentation_AsTheCodeTreatsIt()
    {
        string[] lines = File.ReadAllLines(Documentation());
        int split = Array.IndexOf(lines, "### Without effect");

        Assert.Equal(Rows(isHonoured: true), Rows(lines[..split]));
        Assert.Equal(Rows(isHonoured: false), Rows(lines[split..]));
    }

    [Fact]
    public void EveryVariantsCost_StandsInTheDocumentation()
    {
        string[] lines = File.ReadAllLines(Documentation());

        Assert.All(HrNetVariant.All, variant =>
        {
            var cost = ModelCost.Of(variant.Architecture, 1000, 224);
            Assert.Contains(
                string.Create(CultureInfo.InvariantCulture, $"| {variant.Name} | {cost.ParameterCount:N0} | {cost.OriginalGFlops:0.00} | {cost.TimmGMacs:0.00} |"), lines);
        });
    }

    // One row for each effect, in the order of the table in the code.
    private static string[] Rows(bool isHonoured) =>
        [.. ExperimentKeys.All.Where(key => key.IsHonoured == isHonoured).GroupBy(key => key.Effect).Select(group => $"| {string.Join(", ", group.Select(key => key.Name))} | {group.Key} |")];

    private static string[] Rows(string[] lines) =>
        [.. lines.SkipWhile(line => line is not ("| key | as |" or "| key | because |")).Skip(2).TakeWhile(line => line.StartsWith('|'))];

    private static string Documentation()
    {
        string? folder = Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location);
        while (folder is not null && !File.Exists(Path.Combine(folder, "HrNetBatch.sln")))
            folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder ?? throw new InvalidOperationException("The tests do not run inside the repository."), "docs", "configuration.md");
    }
}
