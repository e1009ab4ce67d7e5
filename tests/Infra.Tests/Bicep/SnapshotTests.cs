using System.Text.Json.Nodes;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>The committed snapshots say what would be deployed, so a change of it is seen in review.</summary>
public sealed class SnapshotTests(Deployments deployments)
{
    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task Snapshot_IsWhatWouldBeDeployed(string name)
    {
        Assert.True(
            AreEqual(Committed(name), (await deployments.OfAsync(name)).Snapshot),
            $"The deployment of {name}.bicepparam has changed. If that is meant, write its snapshot anew, in infra/bicep:\n"
            + $"  HRNET_VERSION=0.1.0 bicep snapshot {name}.bicepparam --mode overwrite {string.Join(' ', Deployment.Context)}");
    }

    [Fact]
    public async Task Snapshot_IsAnother_OnceAModuleChanges()
    {
        Assert.False(AreEqual(Committed("trial"), (await deployments.WithKeys).Snapshot));
    }

    // The CLI writes resources, and the names within an object, in any order.
    private static bool AreEqual(string one, string other)
    {
        JsonObject first = JsonNode.Parse(one)!.AsObject(), second = JsonNode.Parse(other)!.AsObject();
        return JsonNode.DeepEquals(first["outputs"], second["outputs"])
            && Resources(first).SequenceEqual(Resources(second), EqualityComparer<JsonNode?>.Create(JsonNode.DeepEquals));
    }

    private static IEnumerable<JsonNode?> Resources(JsonObject snapshot) =>
        snapshot["predictedResources"]!.AsArray().OrderBy(resource => resource!["id"]!.ToString(), StringComparer.Ordinal);

    private static string Committed(string name) => File.ReadAllText(Path.Combine(BicepCli.Source, $"{name}.snapshot.json"));
}
