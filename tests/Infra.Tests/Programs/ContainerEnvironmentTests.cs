using HrNetBatch.Infra.Tests.Bicep;
using HrNetBatch.Kinds;
using Npgsql;

namespace HrNetBatch.Infra.Tests.Programs;

/// <summary>
/// What Bicep gives each container binds to the programs' own options: an option that is renamed breaks this test, and not a
/// deployment.
/// </summary>
public sealed class ContainerEnvironmentTests(Deployments deployments)
{
    [Theory]
    [InlineData("trial", "worker-cpu")]
    [InlineData("trial", "dashboard")]
    [InlineData("production", "worker-cpu")]
    [InlineData("production", "worker-gpu")]
    [InlineData("production", "dashboard")]
    public async Task EveryVariable_BindsToTheProgramsOptions(string file, string app)
    {
        Dictionary<string, string> environment = Variables.Of((await deployments.OfAsync(file)).App(app));

        Assert.NotEmpty(environment);
        Assert.Empty(OptionsOf(app).Faults(environment));
    }

    [Theory]
    [InlineData("trial", "worker-cpu")]
    [InlineData("production", "worker-gpu")]
    public async Task EveryKind_IsGivenOrLeft(string file, string app)
    {
        const string Prefix = "HrNetBatch__Worker__Concurrency__";
        Dictionary<string, string> environment = Variables.Of((await deployments.OfAsync(file)).App(app));

        Assert.Equal(
            KindTable.Default.All.Select(kind => kind.Name).Order(StringComparer.Ordinal),
            environment.Keys.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("trial", "worker-cpu", "hrnet-trial-worker", 8)]
    [InlineData("production", "dashboard", "hrnet-production-dashboard", 20)]
    public async Task TheLedger_IsOpenedByTheIdentityAndNoPassword(string file, string app, string role, int connections)
    {
        Deployment deployment = await deployments.OfAsync(file);
        Dictionary<string, string> environment = Variables.Of(deployment.App(app));
        NpgsqlConnectionStringBuilder ledger = new(environment["HrNetBatch__Ledger__ConnectionString"]);

        Assert.Equal($"{deployment.One("Microsoft.DBforPostgreSQL/flexibleServers").Name}.postgres.database.azure.com", ledger.Host);
        Assert.Equal((role, "hrnet", "-c role=hrnet_owner", connections), (ledger.Username, ledger.Database, ledger.Options, ledger.MaxPoolSize));
        Assert.Equal(SslMode.VerifyFull, ledger.SslMode);
        Assert.Null(ledger.Password);
        Assert.Equal("Entra", environment["HrNetBatch__Ledger__Authentication"]);
        Assert.Contains(deployment.Of("Microsoft.ManagedIdentity/userAssignedIdentities"), identity => identity.Name == role);
    }

    [Theory]
    [InlineData("worker-cpu", "HrNetBatch__Worker__Device", "HrNetBatch__Worker__Gadget")]
    [InlineData("worker-cpu", "HrNetBatch__Ledger__ConnectionString", "HrNetBatch__Ledger__Connection")]
    [InlineData("dashboard", "HrNetBatch__Dashboard__Port", "HrNetBatch__Dashboards__Port")]
    [InlineData("dashboard", "AZURE_CLIENT_ID", "AZURE_CLIENTID")]
    public async Task ARenamedOption_IsFound(string app, string name, string renamed)
    {
        Dictionary<string, string> environment = Variables.Of((await deployments.Trial).App(app));
        Assert.True(environment.Remove(name, out string? value));
        environment[renamed] = value;

        Assert.NotEmpty(OptionsOf(app).Faults(environment));
    }

    [Theory]
    [InlineData("HrNetBatch__Worker__Device", "gpu")]
    [InlineData("HrNetBatch__Worker__Supervision__HandBackGrace", "9 minutes")]
    [InlineData("HrNetBatch__Worker__Supervision__HandBackGrace", "00:11:00")]
    [InlineData("HrNetBatch__Models__Root", "main/models")]
    [InlineData("HrNetBatch__Worker__Intake__IsEnabled", "yes")]
    public async Task AValueThatTheWorkerRefuses_IsFound(string name, string value)
    {
        Dictionary<string, string> environment = Variables.Of((await deployments.Trial).App("worker-cpu"));
        environment[name] = value;

        Assert.Single(ProgramOptions.Worker.Faults(environment));
    }

    private static ProgramOptions OptionsOf(string app) => app == "dashboard" ? ProgramOptions.Dashboard : ProgramOptions.Worker;
}
