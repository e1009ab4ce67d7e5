using System.Text.Json.Nodes;
using k8s;
using YamlDotNet.Core;

namespace HrNetBatch.Infra.Tests.Kubernetes;

/// <summary>The manifests hold no field that Kubernetes or KEDA does not know: those are dropped without a word.</summary>
public sealed class SchemaTests
{
    private const string OfKeda = "scaling.yaml";

    // What KEDA's ScaledObject may hold and ours does; Kubernetes' models know nothing of it.
    private static readonly Dictionary<string, string[]> Fields = new()
    {
        ["spec"] = ["advanced", "cooldownPeriod", "maxReplicaCount", "minReplicaCount", "pollingInterval", "scaleTargetRef", "triggers"],
        ["spec.advanced"] = ["horizontalPodAutoscalerConfig", "scalingModifiers"],
        ["spec.advanced.horizontalPodAutoscalerConfig"] = ["behavior"],
        ["spec.advanced.horizontalPodAutoscalerConfig.behavior"] = ["scaleDown"],
        ["spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown"] = ["policies", "stabilizationWindowSeconds"],
        ["spec.advanced.scalingModifiers"] = ["formula", "metricType", "target"],
    };

    public static TheoryData<string> Files =>
        [.. Manifests.Read("kustomization.yaml").Single()["resources"]!.AsArray().Select(file => file!.ToString()).Where(file => file != OfKeda)];

    [Theory]
    [MemberData(nameof(Files))]
    public void EveryField_IsKnownToKubernetes(string file)
    {
        Assert.NotEmpty(KubernetesYaml.LoadAllFromString(Manifests.Text(file), strict: true));
    }

    [Theory]
    [InlineData("terminationGracePeriodSeconds: 600", "terminationGracePeriodSecond: 600")]
    [InlineData("livenessProbe:", "livenesProbe:")]
    [InlineData("maxUnavailable: 1", "maxUnavailableCount: 1")]
    public void AMisspeltField_IsFound(string field, string misspelt)
    {
        string text = Manifests.Text("worker-gpu.yaml");
        Assert.Contains(field, text, StringComparison.Ordinal);

        Assert.ThrowsAny<YamlException>(() => KubernetesYaml.LoadAllFromString(text.Replace(field, misspelt, StringComparison.Ordinal), strict: true));
    }

    [Theory]
    [InlineData("worker-cpu")]
    [InlineData("worker-gpu")]
    public void EveryField_IsKnownToKeda(string name)
    {
        JsonObject scaled = Manifests.One("ScaledObject", name);

        foreach (var (path, known) in Fields)
        {
            JsonNode? part = path.Split('.').Aggregate((JsonNode?)scaled, (node, field) => node?[field]);
            Assert.Empty((part?.AsObject() ?? []).Select(field => field.Key).Except(known));
        }
        Assert.All(scaled["spec"]!["triggers"]!.AsArray(), trigger => Assert.Equal(
            ["authenticationRef", "metadata", "name", "type"], trigger!.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal)));
    }
}
