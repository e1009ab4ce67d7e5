using System.Text.Json.Nodes;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>What a parameter file would make of an empty resource group, as the CLI's snapshot tells it.</summary>
internal sealed class Deployment
{
    private Deployment(string snapshot)
    {
        Snapshot = snapshot;
        Resources = [.. JsonNode.Parse(snapshot)!["predictedResources"]!.AsArray().Select(resource => new Resource(resource!.AsObject()))];
    }

    /// <summary>The snapshot as the CLI writes it.</summary>
    public string Snapshot { get; }

    /// <summary>Every resource, modules resolved. Values that only Azure knows stand there as expressions in brackets.</summary>
    public IReadOnlyList<Resource> Resources { get; }

    /// <summary>The context that snapshots are taken in.</summary>
    public static IReadOnlyList<string> Context { get; } =
    [
        "--subscription-id", "11111111-1111-1111-1111-111111111111", "--tenant-id", "22222222-2222-2222-2222-222222222222",
        "--resource-group", "hrnet", "--location", "swedencentral", "--deployment-name", "hrnet",
    ];

    /// <summary>Takes the snapshot of a parameter file of the repository.</summary>
    /// <param name="file">Its file name.</param>
    /// <param name="environment">Variables that it reads.</param>
    /// <param name="change">A change to the sources.</param>
    public static async Task<Deployment> OfAsync(string file, IReadOnlyDictionary<string, string> environment, Action<TemporaryFolder>? change = null)
    {
        using TemporaryFolder copy = BicepCli.Copy();
        change?.Invoke(copy);
        BicepResult result = await BicepCli.RunAsync(copy.Path, environment, ["snapshot", file, "--mode", "overwrite", .. Context]);
        result.ShouldBeClean();
        return new(await File.ReadAllTextAsync(copy.File(Path.ChangeExtension(file, "snapshot.json")), TestContext.Current.CancellationToken));
    }

    /// <summary>The resources of a type.</summary>
    public IReadOnlyList<Resource> Of(string type) => [.. Resources.Where(resource => resource.Type.Equals(type, StringComparison.OrdinalIgnoreCase))];

    /// <summary>The only resource of a type.</summary>
    public Resource One(string type) => Assert.Single(Of(type));

    /// <summary>The container app whose name ends so.</summary>
    public Resource App(string ending) => Assert.Single(Of("Microsoft.App/containerApps"), app => app.Name.EndsWith(ending, StringComparison.Ordinal));
}

/// <summary>A resource as it would be sent to Azure.</summary>
internal sealed class Resource(JsonObject json)
{
    /// <summary>Its type, such as <c>Microsoft.App/containerApps</c>.</summary>
    public string Type { get; } = json["type"]!.GetValue<string>();

    /// <summary>Its name; that of a child begins with its parents', a slash after each.</summary>
    public string Name { get; } = json["name"]!.GetValue<string>();

    /// <summary>All of it.</summary>
    public JsonObject Json { get; } = json;

    /// <summary>What stands at a path, such as <c>properties.template.scale</c>; null where nothing does.</summary>
    public JsonNode? this[string path] => path.Split('.').Aggregate((JsonNode?)Json, (node, name) => node?[name]);

    /// <summary>The value at a path, as text; null where there is none.</summary>
    public string? Text(string path) => this[path]?.ToString();

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {Name}";
}
