using System.Globalization;
using System.Text.Json.Nodes;
using HrNetBatch.Infra.Tests.Programs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using Npgsql;

namespace HrNetBatch.Infra.Tests.Kubernetes;

/// <summary>The manifests of infra/aks give the programs what Bicep gives them on Container Apps.</summary>
public sealed class ManifestTests
{
    private static readonly string[] Workers = ["worker-cpu", "worker-gpu"];

    public static TheoryData<string> Deployments => ["worker-cpu", "worker-gpu", "dashboard"];

    [Fact]
    public void EveryFile_IsPartOfTheKustomization()
    {
        Assert.Equal(
            Directory.EnumerateFiles(Manifests.Folder, "*.yaml").Select(Path.GetFileName).Where(file => file != "kustomization.yaml").Order(StringComparer.Ordinal),
            Manifests.Read("kustomization.yaml").Single()["resources"]!.AsArray().Select(file => file!.ToString()).Order(StringComparer.Ordinal));
        Assert.All(Manifests.All, manifest => Assert.Equal(
            "hrnet", manifest["kind"]!.ToString() == "Namespace" ? manifest["metadata"]!["name"]!.ToString() : manifest["metadata"]!["namespace"]!.ToString()));
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void EveryVariable_BindsToTheProgramsOptions(string deployment)
    {
        Dictionary<string, string> environment = Manifests.Environment(deployment);

        Assert.NotEmpty(environment);
        Assert.Empty((deployment == "dashboard" ? ProgramOptions.Dashboard : ProgramOptions.Worker).Faults(environment));
    }

    [Fact]
    public void EveryKind_IsTakenByOneWorker()
    {
        foreach (JobKind kind in KindTable.Default.All)
        {
            Assert.Equal(
                ["0", "1"],
                Workers.Select(worker => Manifests.Environment(worker)[$"HrNetBatch__Worker__Concurrency__{kind.Name}"]).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void TheLedger_IsOpenedByTheIdentityAndNoPassword(string deployment)
    {
        Dictionary<string, string> environment = Manifests.Environment(deployment);
        NpgsqlConnectionStringBuilder ledger = new(environment["HrNetBatch__Ledger__ConnectionString"]);

        Assert.Equal($"hrnet-trial-{deployment.Split('-')[0]}", ledger.Username);
        Assert.Equal((SslMode.VerifyFull, "-c role=hrnet_owner", (string?)null), (ledger.SslMode, ledger.Options, ledger.Password));
        Assert.Equal("Entra", environment["HrNetBatch__Ledger__Authentication"]);
        Assert.DoesNotContain(Manifests.All, manifest => manifest["kind"]!.ToString() == "Secret");
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void EveryPod_IsProbed_AndMayDoNothingThatItNeedNot(string deployment)
    {
        JsonNode pod = Manifests.Pod(deployment), container = pod["spec"]!["containers"]![0]!;
        string port = Manifests.Environment(deployment).GetValueOrDefault("HrNetBatch__Health__Port") ?? Manifests.Environment(deployment)["HrNetBatch__Dashboard__Port"];

        Assert.Equal(
            ("/healthz/live", "/healthz/live", "/healthz/ready"),
            (Path("startupProbe"), Path("livenessProbe"), Path("readinessProbe")));
        Assert.Equal(port, container["ports"]![0]!["containerPort"]!.ToString());
        Assert.All((string[])["startupProbe", "livenessProbe", "readinessProbe"], probe => Assert.Equal(
            container["ports"]![0]!["name"]!.ToString(), container[probe]!["httpGet"]!["port"]!.ToString()));

        Assert.Equal("true", pod["spec"]!["securityContext"]!["runAsNonRoot"]!.ToString());
        Assert.Equal("RuntimeDefault", pod["spec"]!["securityContext"]!["seccompProfile"]!["type"]!.ToString());
        Assert.Equal("false", container["securityContext"]!["allowPrivilegeEscalation"]!.ToString());
        Assert.Equal("true", container["securityContext"]!["readOnlyRootFilesystem"]!.ToString());
        Assert.Equal("[\"ALL\"]", container["securityContext"]!["capabilities"]!["drop"]!.ToJsonString());
        Assert.Equal("/tmp", container["volumeMounts"]![0]!["mountPath"]!.ToString());
        Assert.NotNull(container["resources"]!["limits"]!["memory"]);

        string Path(string probe) => container[probe]!["httpGet"]!["path"]!.ToString();
    }

    [Theory]
    [MemberData(nameof(Deployments))]
    public void EveryPod_RunsAsAnIdentity(string deployment)
    {
        JsonNode pod = Manifests.Pod(deployment);
        JsonObject account = Manifests.One("ServiceAccount", pod["spec"]!["serviceAccountName"]!.ToString());

        Assert.Equal("true", pod["metadata"]!["labels"]!["azure.workload.identity/use"]!.ToString());
        Assert.Equal(
            Manifests.Values[$"HRNET_{deployment.Split('-')[0].ToUpperInvariant()}_CLIENT_ID"],
            account["metadata"]!["annotations"]!["azure.workload.identity/client-id"]!.ToString());
    }

    [Theory]
    [InlineData("worker-cpu")]
    [InlineData("worker-gpu")]
    public void StoppingAWorker_LeavesTimeToHandBack_AndUpgradesStopOneAtATime(string worker)
    {
        TimeSpan grace = TimeSpan.Parse(Manifests.Environment(worker)["HrNetBatch__Worker__Supervision__HandBackGrace"], CultureInfo.InvariantCulture);
        JsonNode budget = Manifests.One("PodDisruptionBudget", worker)["spec"]!;

        Assert.InRange(Manifests.Pod(worker)["spec"]!["terminationGracePeriodSeconds"]!.GetValue<long>(), grace.TotalSeconds + 30, 600);
        Assert.Equal("1", budget["maxUnavailable"]!.ToString());
        Assert.Equal(
            Manifests.One("Deployment", worker)["spec"]!["selector"]!.ToJsonString(),
            budget["selector"]!.ToJsonString());
        Assert.Equal(worker, Manifests.Pod(worker)["metadata"]!["labels"]!["app.kubernetes.io/name"]!.ToString());
    }

    [Fact]
    public void TheGpuWorker_HasAGpuOfASpotNode_AndListensForItsEnd()
    {
        JsonNode pod = Manifests.Pod("worker-gpu")["spec"]!;

        Assert.Equal("1", pod["containers"]![0]!["resources"]!["limits"]!["nvidia.com/gpu"]!.ToString());
        Assert.Equal("gpu", pod["nodeSelector"]!["kubernetes.azure.com/agentpool"]!.ToString());
        Assert.Equal(
            ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule", "sku=gpu:NoSchedule"],
            pod["tolerations"]!.AsArray().Select(toleration => $"{toleration!["key"]}={toleration["value"]}:{toleration["effect"]}").Order(StringComparer.Ordinal));
        Assert.Equal("ScheduledEvents", Manifests.Environment("worker-gpu")["HrNetBatch__Preemption__Source"]);
        Assert.EndsWith("-cuda", pod["containers"]![0]!["image"]!.ToString(), StringComparison.Ordinal);
    }
}
