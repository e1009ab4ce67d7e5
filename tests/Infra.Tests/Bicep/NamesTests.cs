using System.Text.RegularExpressions;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>Names are within Azure's limits, whatever the environment is called.</summary>
public sealed class NamesTests(Deployments deployments)
{
    // Microsoft's "Naming rules and restrictions for Azure resources".
    private static readonly Dictionary<string, string> Rules = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Microsoft.App/containerApps"] = "^(?!.*--)[a-z][a-z0-9-]{0,30}[a-z0-9]$",
        ["Microsoft.App/managedEnvironments"] = "^(?!.*--)[a-z][a-z0-9-]{0,58}[a-z0-9]$",
        ["Microsoft.ContainerRegistry/registries"] = "^[a-z0-9]{5,50}$",
        ["Microsoft.DBforPostgreSQL/flexibleServers"] = "^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = "^[A-Za-z0-9][A-Za-z0-9_-]{2,62}$", // 63 and not 128: PostgreSQL's roles are called so
        ["Microsoft.Network/networkSecurityGroups"] = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,78}[A-Za-z0-9_]$",
        ["Microsoft.Network/privateEndpoints"] = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_]$",
        ["Microsoft.Network/virtualNetworks"] = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9_]$",
        ["Microsoft.OperationalInsights/workspaces"] = "^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$",
        ["Microsoft.ServiceBus/namespaces"] = "^(?!.*-(sb|mgmt)$)[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$",
        ["Microsoft.Storage/storageAccounts"] = "^[a-z0-9]{3,24}$",
    };

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task NamesOfTheParameterFiles_AreAllowed(string file)
    {
        Assert.Empty(Forbidden(await deployments.OfAsync(file)));
    }

    [Fact]
    public async Task NamesOfTheShortestAndLongestEnvironment_AreAllowed()
    {
        Deployment longest = await deployments.LongNames;

        Assert.Empty(Forbidden(await deployments.SignedIn));
        Assert.Empty(Forbidden(longest));
        Assert.Equal("hrnet-production-eu1-worker-gpu", longest.App("worker-gpu").Name);
        Assert.True(Rules.Keys.All(type => longest.Of(type).Count > 0), "A rule that nothing is held to.");
    }

    [Fact]
    public async Task ALongerEnvironment_IsRefused()
    {
        BicepResult result = await BicepCli.RunAsync(
            BicepCli.Source, new Dictionary<string, string> { ["HRNET_ENVIRONMENT"] = "hrnet-environment-021" }, "build-params", "trial.bicepparam", "--stdout");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("20", result.Errors, StringComparison.Ordinal);
    }

    private static List<string> Forbidden(Deployment deployment) =>
    [
        .. deployment.Resources
            .Where(resource => Rules.TryGetValue(resource.Type, out string? rule) && !Regex.IsMatch(resource.Name, rule))
            .Select(resource => resource.ToString()),
    ];
}
