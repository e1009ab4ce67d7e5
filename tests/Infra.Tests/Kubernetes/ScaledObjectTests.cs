using System.Text.Json.Nodes;

namespace HrNetBatch.Infra.Tests.Kubernetes;

/// <summary>What wakes and holds workers on Kubernetes.</summary>
public sealed class ScaledObjectTests
{
    [Theory]
    [InlineData("worker-cpu", "export")]
    [InlineData("worker-gpu", "train", "validate", "classify")]
    public void Lanes_AreCountedByTheOneStatement_ForTheKindsThatTheWorkerTakes(string worker, params string[] kinds)
    {
        Assert.Equal(
            kinds.Order(StringComparer.Ordinal),
            Manifests.Environment(worker).Where(variable => variable.Key.Contains("Concurrency", StringComparison.Ordinal) && variable.Value != "0")
                .Select(variable => variable.Key.Split("__")[^1]).Order(StringComparer.Ordinal));
        JsonNode[] triggers = [.. Triggers(worker, "postgresql")];
        Assert.Equal(kinds, triggers.Select(trigger => trigger["name"]!.ToString()));
        Assert.All(triggers, trigger =>
        {
            JsonNode metadata = trigger["metadata"]!;
            string kind = trigger["name"]!.ToString();
            Assert.Equal(Manifests.Backlog(kind), metadata["query"]!.ToString());
            Assert.Equal(Manifests.Environment(worker)[$"HrNetBatch__Worker__Concurrency__{kind}"], metadata["targetQueryValue"]!.ToString());
            Assert.Equal(
                ("hrnet-abc.postgres.database.azure.com", "5432", "hrnet", "hrnet-trial-platform", "verify-full"),
                (metadata["host"]!.ToString(), metadata["port"]!.ToString(), metadata["dbName"]!.ToString(), metadata["userName"]!.ToString(), metadata["sslmode"]!.ToString()));
        });
    }

    [Fact]
    public void TheKindsOfOneGpu_AddUp()
    {
        JsonNode modifiers = Manifests.One("ScaledObject", "worker-gpu")["spec"]!["advanced"]!["scalingModifiers"]!;

        Assert.Equal(
            Triggers("worker-gpu", "postgresql").Select(trigger => trigger["name"]!.ToString()), modifiers["formula"]!.ToString().Split(" + "));
        Assert.Equal(("1", "AverageValue"), (modifiers["target"]!.ToString(), modifiers["metricType"]!.ToString()));
    }

    [Fact]
    public void TheQueue_WakesTheWorkerThatTakesMessagesIn()
    {
        JsonNode metadata = Assert.Single(Triggers("worker-cpu", "azure-servicebus"))["metadata"]!;
        Dictionary<string, string> environment = Manifests.Environment("worker-cpu");

        Assert.Equal(environment["HrNetBatch__ServiceBus__Queue"], metadata["queueName"]!.ToString());
        Assert.Equal(environment["HrNetBatch__ServiceBus__Namespace"], $"{metadata["namespace"]}.servicebus.windows.net");
        Assert.Equal("false", Manifests.Environment("worker-gpu")["HrNetBatch__Worker__Intake__IsEnabled"]);
        Assert.Empty(Triggers("worker-gpu", "azure-servicebus"));
    }

    [Theory]
    [InlineData("worker-cpu")]
    [InlineData("worker-gpu")]
    public void Workers_GoToZero_AndEachTriggerTakesTokensOfTheOneIdentity(string worker)
    {
        JsonNode spec = Manifests.One("ScaledObject", worker)["spec"]!;

        Assert.Equal((worker, "0"), (spec["scaleTargetRef"]!["name"]!.ToString(), spec["minReplicaCount"]!.ToString()));
        Assert.Null(Manifests.One("Deployment", worker)["spec"]!["replicas"]);
        Assert.All(spec["triggers"]!.AsArray(), trigger => Assert.Equal("platform", trigger!["authenticationRef"]!["name"]!.ToString()));
        JsonNode identity = Manifests.One("TriggerAuthentication", "platform")["spec"]!["podIdentity"]!;
        Assert.Equal(("azure-workload", Manifests.Values["HRNET_PLATFORM_CLIENT_ID"]), (identity["provider"]!.ToString(), identity["identityId"]!.ToString()));
    }

    private static IEnumerable<JsonNode> Triggers(string worker, string type) =>
        Manifests.One("ScaledObject", worker)["spec"]!["triggers"]!.AsArray().Select(trigger => trigger!).Where(trigger => trigger["type"]!.ToString() == type);
}
