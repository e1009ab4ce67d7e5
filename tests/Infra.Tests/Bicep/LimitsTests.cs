using System.Text.Json.Nodes;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>Limits of Container Apps that the CLI does not know and a deployment would fail on.</summary>
public sealed class LimitsTests(Deployments deployments)
{
    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task Probes_AskForTheProgramsPaths_WithinTheLimits(string file)
    {
        foreach (Resource app in (await deployments.OfAsync(file)).Of("Microsoft.App/containerApps"))
        {
            JsonNode[] probes = [.. Container(app)["probes"]!.AsArray().Select(probe => probe!)];
            string port = Variables.Of(app).GetValueOrDefault("HrNetBatch__Health__Port") ?? Variables.Of(app)["HrNetBatch__Dashboard__Port"];

            Assert.Equal(
                ["Liveness /healthz/live", "Readiness /healthz/ready", "Startup /healthz/live"],
                probes.Select(probe => $"{probe["type"]} {probe["httpGet"]!["path"]}").Order(StringComparer.Ordinal));
            Assert.All(probes, probe =>
            {
                Assert.Equal(port, probe["httpGet"]!["port"]!.ToString());
                Assert.InRange(probe["failureThreshold"]!.GetValue<int>(), 1, 10);
                Assert.InRange(probe["periodSeconds"]!.GetValue<int>(), 1, 240);
            });
        }
    }

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task Consumption_GivesTwoGibibytesACore_AndFourCoresAtMost(string file)
    {
        foreach (Resource app in (await deployments.OfAsync(file)).Of("Microsoft.App/containerApps").Where(app => app.Text("properties.workloadProfileName") == "Consumption"))
        {
            decimal cores = Container(app)["resources"]!["cpu"]!.GetValue<decimal>();

            Assert.InRange(cores, 0.25m, 4m);
            Assert.Equal($"{2 * cores:0.##}Gi", Container(app)["resources"]!["memory"]!.ToString());
        }
    }

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task NoVariable_IsEmpty(string file)
    {
        foreach (Resource app in (await deployments.OfAsync(file)).Of("Microsoft.App/containerApps"))
            Assert.All(Variables.Of(app), variable => Assert.NotEqual("", variable.Value));
    }

    private static JsonNode Container(Resource app) => app["properties.template.containers"]![0]!;
}
