using System.Reflection;
using System.Text.Json;
using HrNetBatch.Kinds;
using HrNetBatch.TestKit;

namespace HrNetBatch.Dashboard.Tests;

/// <summary>The dashboard shows what the ledger holds; it is built, published and run without TorchSharp.</summary>
public sealed class WithoutTensorsTests
{
    private static readonly Assembly Dashboard = typeof(DashboardApp).Assembly;

    [Fact]
    public void Assemblies_AreWithoutTensors() => Assert.DoesNotContain(AssemblyClosure.Of(Dashboard).Keys, IsOfTensors);

    [Fact]
    public async Task PublishedDependencies_AreWithoutTensors()
    {
        string file = Path.ChangeExtension(Dashboard.Location, ".deps.json");
        using JsonDocument dependencies = JsonDocument.Parse(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));
        string[] names = [.. dependencies.RootElement.GetProperty("libraries").EnumerateObject().Select(library => library.Name.Split('/')[0])];
        Assert.Contains("HrNetBatch.Jobs", names.Select(name => name == "Jobs" ? "HrNetBatch.Jobs" : name));
        Assert.DoesNotContain(names, IsOfTensors);
    }

    [Fact]
    public void KindNames_AreThoseOfTheTable() => Assert.Equal(KindTable.Default.All.Select(kind => kind.Name).Order(StringComparer.Ordinal), KindNames.All);

    private static bool IsOfTensors(string name) =>
        name is "HrNetBatch.Model" or "Model" or "HrNetBatch.Kinds" or "Kinds" || name.Contains("torch", StringComparison.OrdinalIgnoreCase);
}
