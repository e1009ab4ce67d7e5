using System.Text.Json.Nodes;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>
/// What wakes and holds workers. The CLI checks neither the types of KEDA's scalers nor their metadata, and Azure would say nothing
/// until jobs wait for ever.
/// </summary>
public sealed class ScalingTests(Deployments deployments)
{
    // Container Apps gives KEDA a token for these types only; on others `identity` makes it drop the metadata.
    private static readonly string[] TypesWithIdentity = ["azure-servicebus", "azure-queue", "azure-eventhub"];

    [Fact]
    public async Task TheQueue_WakesTheCpuWorker()
    {
        foreach (Deployment deployment in (Deployment[])[await deployments.Trial, await deployments.Production])
        {
            JsonNode rule = Rule(deployment.App("worker-cpu"), "job-messages");

            Assert.Equal("azure-servicebus", rule["type"]!.ToString());
            Assert.EndsWith("-platform", rule["identity"]!.ToString(), StringComparison.Ordinal);
            Assert.Equal(
                new() { ["namespace"] = deployment.One("Microsoft.ServiceBus/namespaces").Name, ["queueName"] = "hrnet-jobs", ["messageCount"] = "1000" },
                Metadata(rule));
        }
    }

    [Fact]
    public async Task TheQueue_DoesNotWakeTheGpu()
    {
        Resource gpu = (await deployments.Production).App("worker-gpu");

        Assert.Equal(["lanes"], Rules(gpu).Select(rule => rule["name"]!.ToString()));
        Assert.Equal("false", Variables.Of(gpu)["HrNetBatch__Worker__Intake__IsEnabled"]);
        Assert.Equal("true", Variables.Of((await deployments.Production).App("worker-cpu"))["HrNetBatch__Worker__Intake__IsEnabled"]);
    }

    [Theory]
    [InlineData("trial", "worker-cpu", "train,validate,classify,export")]
    [InlineData("production", "worker-cpu", "export")]
    [InlineData("production", "worker-gpu", "train,validate,classify")]
    public async Task Lanes_HoldAReplicaEach_OfTheKindsThatTheWorkerTakes(string file, string app, string kinds)
    {
        Deployment deployment = await deployments.OfAsync(file);
        Resource worker = deployment.App(app);
        JsonNode rule = Rule(worker, "lanes");
        Dictionary<string, string> metadata = Metadata(rule);

        Assert.Equal("metrics-api", rule["type"]!.ToString());
        Assert.EndsWith($"/api/backlog/{kinds}", Variables.Settled(metadata["url"]), StringComparison.Ordinal);
        Assert.StartsWith($"https://hrnet-{file}-dashboard", Variables.Settled(metadata["url"]), StringComparison.Ordinal);
        Assert.Equal(("lanes", "1"), (metadata["valueLocation"], metadata["targetValue"]));
        Assert.Equal(
            kinds.Split(',').Order(),
            Variables.Of(worker).Where(variable => variable.Key.StartsWith("HrNetBatch__Worker__Concurrency__", StringComparison.Ordinal) && variable.Value == "1")
                .Select(variable => variable.Key.Split("__")[^1]).Order());
    }

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task NoRule_AsksForATokenThatContainerAppsDoesNotGive(string file)
    {
        foreach (Resource app in (await deployments.OfAsync(file)).Of("Microsoft.App/containerApps"))
        {
            Assert.All(Rules(app), rule => Assert.True(
                rule["custom"]!["identity"] is null || TypesWithIdentity.Contains(rule["custom"]!["type"]!.ToString()), rule.ToJsonString()));
        }
    }

    [Fact]
    public async Task ScaleIn_LeavesTimeToHandBack()
    {
        foreach (Resource worker in (await deployments.Production).Of("Microsoft.App/containerApps").Where(app => app.Name.Contains("worker", StringComparison.Ordinal)))
        {
            TimeSpan grace = TimeSpan.Parse(Variables.Of(worker)["HrNetBatch__Worker__Supervision__HandBackGrace"], null);
            int limit = worker["properties.template.terminationGracePeriodSeconds"]!.GetValue<int>();

            Assert.InRange(limit, grace.TotalSeconds + 30, 600);
        }
    }

    [Fact]
    public async Task TheDashboard_IsAlwaysThere()
    {
        Resource dashboard = (await deployments.Trial).App("dashboard");

        Assert.Equal("1", dashboard.Text("properties.template.scale.minReplicas"));
    }

    [Fact]
    public async Task TheGpuWorker_HasItsProfilesMachine()
    {
        Deployment deployment = await deployments.Production;
        Resource gpu = deployment.App("worker-gpu");

        Assert.Contains("""{"name":"gpu","workloadProfileType":"Consumption-GPU-NC8as-T4"}""", deployment.One("Microsoft.App/managedEnvironments")["properties.workloadProfiles"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("gpu", gpu.Text("properties.workloadProfileName"));
        JsonNode resources = gpu["properties.template.containers"]![0]!["resources"]!;
        Assert.Equal(("8", "56Gi"), (resources["cpu"]!.ToString(), resources["memory"]!.ToString()));
        Assert.EndsWith("/hrnet-worker:0.1.0-cuda", Variables.Settled(gpu["properties.template.containers"]![0]!["image"]!.ToString()), StringComparison.Ordinal);
        Assert.Equal("0", gpu.Text("properties.template.scale.minReplicas"));
    }

    private static IEnumerable<JsonNode> Rules(Resource app) => (app["properties.template.scale.rules"]?.AsArray() ?? []).Select(rule => rule!);

    private static JsonNode Rule(Resource app, string name) => Assert.Single(Rules(app), rule => rule["name"]!.ToString() == name)["custom"]!;

    private static Dictionary<string, string> Metadata(JsonNode rule) => rule["metadata"]!.AsObject().ToDictionary(entry => entry.Key, entry => entry.Value!.ToString());
}
