using System.Net;
using HrNetBatch.Infra.Tests.Bicep;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;
using HrNetBatch.Kinds.Train;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Published;

/// <summary>The folders that the images carry, started with exactly the environment that Bicep gives their containers.</summary>
public sealed class PublishedTests(PostgresFixture postgres, AzuriteFixture azurite, Deployments deployments)
{
    /// <summary>Publishes two programs and runs two jobs: over ten seconds, and worth them.</summary>
    [Fact]
    public async Task Programs_RunAJobAnswerTheirProbesAndDrain_WithTheEnvironmentOfTheirContainers()
    {
        Deployment deployment = await deployments.SignedIn;
        Dictionary<string, string> workers = Variables.Of(deployment.App("worker-cpu")), dashboards = Variables.Of(deployment.App("dashboard"));
        string queue = workers["HrNetBatch__ServiceBus__Queue"], host = dashboards["HrNetBatch__Dashboard__HostNames__0"];
        await using LocalAzure azure = await LocalAzure.StartAsync(postgres, azurite, queue, workers["HrNetBatch__ServiceBus__Events"]);
        using var folder = new TemporaryFolder();
        string workerFolder = await PublishedProgram.PublishAsync("Worker", folder);
        string dashboardFolder = await PublishedProgram.PublishAsync("Cli", folder);

        int dashboardPort = LoopbackPort.Keep(folder.File("dashboard.port")), workerPort = LoopbackPort.Keep(folder.File("worker.port"));
        using PublishedProgram dashboard = PublishedProgram.Start(dashboardFolder, ["dotnet", "HrNetBatch.Dashboard.dll"],
            azure.EnvironmentOf(dashboards, "HrNetBatch__Dashboard__Port", dashboardPort), folder.Path, dashboardPort);
        using PublishedProgram worker = PublishedProgram.Start(workerFolder, ["HrNetBatch.Worker"],
            azure.EnvironmentOf(workers, "HrNetBatch__Health__Port", workerPort), folder.Path, workerPort);

        // The probes, at the paths that Bicep gives them.
        await dashboard.ReadyAsync(Probe(deployment.App("dashboard"), "Readiness"));
        await worker.ReadyAsync(Probe(deployment.App("worker-cpu"), "Readiness"));
        Assert.Equal(HttpStatusCode.OK, (await dashboard.GetAsync(Probe(deployment.App("dashboard"), "Liveness"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await worker.GetAsync(Probe(deployment.App("worker-cpu"), "Liveness"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await dashboard.GetAsync("/", host)).Status);
        Assert.Equal(HttpStatusCode.OK, (await dashboard.GetAsync("/", host, isSignedIn: true)).Status);

        // A job, from the message to the result.
        await azure.UploadAsync("weights.pth", SmallModel.Weights());
        for (int image = 0; image < 6; image++)
            await azure.UploadAsync($"images/{image}.png", SmallModel.Image(image));
        Guid classify = await azure.SendAsync(queue, new ClassifyArguments
        {
            Input = azure.Root.Combine("images/").ToString(),
            Checkpoint = azure.Root.Combine("weights.pth").ToString(),
            Output = azure.Root.Combine("output/").ToString(),
            ImageSize = SmallModel.Side,
        });
        Job classified = await azure.UntilAsync(classify, job => job.State == JobState.Succeeded, "the images are classified");
        Assert.Equal(6, classified.DoneCount);
        Assert.Equal("""{"lanes":0}""", (await dashboard.GetAsync("/api/backlog/train,validate,classify,export", host)).Body);

        // The command line beside the dashboard, as somebody runs it in that container.
        using (PublishedProgram status = PublishedProgram.Start(dashboardFolder, ["hrnet", "status", "--json"], azure.EnvironmentOf(dashboards, "HrNetBatch__Dashboard__Port", 0), folder.Path, 0))
        {
            Assert.True(await status.Process.ExitAsync() == 0, status.Process.Log);
            Assert.Contains(classify.ToString(), status.Process.Log, StringComparison.Ordinal);
        }

        // Another, which the worker hands back when its container is stopped.
        await azure.UploadAsync("data/train-000.tar", await SmallModel.ShardAsync());
        Guid train = await azure.SendAsync(queue, new TrainArguments
        {
            Data = azure.Root.Combine("data/train-000.tar").ToString(),
            Variant = SmallModel.Variant,
            Labels = SmallModel.Labels,
            ImageSize = SmallModel.Side,
            EpochCount = 1000,
            BatchSize = 4,
            Output = azure.Root.Combine("run/").ToString(),
        });
        await azure.UntilAsync(train, job => job.DoneCount > 0, "the training is under way");
        Assert.Equal("""{"lanes":1}""", (await dashboard.GetAsync("/api/backlog/train", host)).Body);
        worker.Process.Terminate();

        Assert.Equal(0, await worker.Process.ExitAsync());
        Job returned = (await azure.Jobs.FindAsync(train, TestContext.Current.CancellationToken))!;
        Assert.Equal((JobState.Queued, 0, 0), (returned.State, returned.FailureCount, returned.LostCount));
        Assert.Equal("HandedBack", Assert.Single(await azure.Jobs.ListAttemptsAsync(train, TestContext.Current.CancellationToken)).Outcome);
        Assert.Equal("""{"lanes":1}""", (await dashboard.GetAsync("/api/backlog/train", host)).Body); // somebody is to go on with it
        dashboard.Process.Terminate();
        Assert.Equal(0, await dashboard.Process.ExitAsync());
    }

    private static string Probe(Resource app, string type) => app["properties.template.containers"]![0]!["probes"]!.AsArray()
        .Single(probe => probe!["type"]!.ToString() == type)!["httpGet"]!["path"]!.ToString();
}
