using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HrNetBatch.TestKit;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace HrNetBatch.Infra.Tests.Kubernetes;

/// <summary>The manifests of infra/aks as Kubernetes would read them, filled in as the README says.</summary>
internal static partial class Manifests
{
    /// <summary>Where they lie.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "infra", "aks");

    /// <summary>The one statement that KEDA runs, of one kind, in one line and without its comments: as the README's shell makes it.</summary>
    public static string Backlog(string kind) => string.Join(' ', File.ReadLines(Path.Combine(Repository.Root, "infra", "keda", "backlog.sql"))
        .Where(line => !line.StartsWith("--", StringComparison.Ordinal))).Replace("{kind}", kind, StringComparison.Ordinal);

    /// <summary>What stands for <c>${…}</c>.</summary>
    public static IReadOnlyDictionary<string, string> Values { get; } = new Dictionary<string, string>
    {
        ["HRNET_VERSION"] = "0.1.0",
        ["HRNET_REGISTRY"] = "hrnetabc.azurecr.io",
        ["HRNET_POSTGRES_HOST"] = "hrnet-abc.postgres.database.azure.com",
        ["HRNET_BLOB_ENDPOINT"] = "https://hrnetabc.blob.core.windows.net/",
        ["HRNET_SERVICE_BUS"] = "hrnet-abc",
        ["HRNET_WORKER_IDENTITY"] = "hrnet-trial-worker",
        ["HRNET_WORKER_CLIENT_ID"] = "44444444-4444-4444-4444-444444444444",
        ["HRNET_DASHBOARD_IDENTITY"] = "hrnet-trial-dashboard",
        ["HRNET_DASHBOARD_CLIENT_ID"] = "55555555-5555-5555-5555-555555555555",
        ["HRNET_PLATFORM_IDENTITY"] = "hrnet-trial-platform",
        ["HRNET_PLATFORM_CLIENT_ID"] = "66666666-6666-6666-6666-666666666666",
        ["HRNET_BACKLOG_TRAIN"] = Backlog("train"),
        ["HRNET_BACKLOG_VALIDATE"] = Backlog("validate"),
        ["HRNET_BACKLOG_CLASSIFY"] = Backlog("classify"),
        ["HRNET_BACKLOG_EXPORT"] = Backlog("export"),
    };

    /// <summary>Every object of every file that kustomization.yaml names.</summary>
    public static IReadOnlyList<JsonObject> All { get; } =
        [.. Read("kustomization.yaml").Single()["resources"]!.AsArray().SelectMany(file => Read(file!.ToString()))];

    /// <summary>The only object of that kind and name.</summary>
    public static JsonObject One(string kind, string name) => Assert.Single(All, manifest =>
        manifest["kind"]!.ToString() == kind && manifest["metadata"]!["name"]!.ToString() == name);

    /// <summary>The pod of a deployment.</summary>
    public static JsonNode Pod(string deployment) => One("Deployment", deployment)["spec"]!["template"]!;

    /// <summary>What a deployment's container gets: its own variables, and those of the config maps that it takes whole.</summary>
    public static Dictionary<string, string> Environment(string deployment)
    {
        JsonNode container = Pod(deployment)["spec"]!["containers"]![0]!;
        Dictionary<string, string> variables = [];
        foreach (JsonNode? source in container["envFrom"]?.AsArray() ?? [])
        {
            foreach (var (name, value) in One("ConfigMap", source!["configMapRef"]!["name"]!.ToString())["data"]!.AsObject())
                variables.Add(name, Text(name, value));
        }
        foreach (JsonNode? variable in container["env"]?.AsArray() ?? [])
            variables[variable!["name"]!.ToString()] = Text(variable["name"]!.ToString(), variable["value"]);
        return variables;
    }

    /// <summary>The text of one file, filled in.</summary>
    public static string Text(string file) => Placeholder().Replace(File.ReadAllText(Path.Combine(Folder, file)), match => Values[match.Groups[1].Value]);

    /// <summary>The objects of one file.</summary>
    public static IEnumerable<JsonObject> Read(string file)
    {
        YamlStream stream = [];
        stream.Load(new StringReader(Text(file)));
        return stream.Documents.Select(document => (JsonObject)ToJson(document.RootNode)!);
    }

    // Kubernetes refuses numbers and booleans where it wants text; in YAML quotes make the difference.
    private static string Text(string name, JsonNode? value)
    {
        Assert.True(value is JsonValue text && text.GetValueKind() == System.Text.Json.JsonValueKind.String, $"{name}: {value} needs quotes");
        return value!.ToString();
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(child => KeyValuePair.Create(((YamlScalarNode)child.Key).Value!, ToJson(child.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when bool.TryParse(scalar.Value, out bool value) => JsonValue.Create(value),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when long.TryParse(scalar.Value, CultureInfo.InvariantCulture, out long value) => JsonValue.Create(value),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new NotSupportedException(node.GetType().Name),
    };

    [GeneratedRegex(@"\$\{([A-Z_]+)\}")]
    private static partial Regex Placeholder();
}
