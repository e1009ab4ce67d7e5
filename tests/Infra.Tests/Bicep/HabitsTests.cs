namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>What every resource has: tags, where there can be any, and logs and metrics that go somewhere, where there are any.</summary>
public sealed class HabitsTests(Deployments deployments)
{
    // Parts of another resource, and rights: Azure keeps no tags of these.
    private static readonly HashSet<string> Untagged = new(StringComparer.OrdinalIgnoreCase)
    {
        "Microsoft.App/containerApps/authConfigs",
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.DBforPostgreSQL/flexibleServers/administrators",
        "Microsoft.DBforPostgreSQL/flexibleServers/configurations",
        "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Network/privateDnsZones/A",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        "Microsoft.ServiceBus/namespaces/queues",
        "Microsoft.ServiceBus/namespaces/topics",
        "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Storage/storageAccounts/blobServices/containers",
    };

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task EveryResource_SaysWhatItBelongsTo(string file)
    {
        Deployment deployment = await deployments.OfAsync(file);
        Resource[] tagged = [.. deployment.Resources.Where(resource => !Untagged.Contains(resource.Type))];

        Assert.NotEmpty(tagged);
        Assert.All(tagged, resource =>
        {
            Assert.Equal("hrnet-batch", resource.Text("tags.application"));
            Assert.Equal($"hrnet-{file}", resource.Text("tags.environment"));
            Assert.Equal(file, resource.Text("tags.purpose"));
        });
    }

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task WhateverHasLogs_SendsThemToTheWorkspace(string file)
    {
        Deployment deployment = await deployments.OfAsync(file);
        IReadOnlyList<Resource> settings = deployment.Of("Microsoft.Insights/diagnosticSettings");

        Assert.All(settings, setting => Assert.EndsWith($"/workspaces/hrnet-{file}-logs", setting.Text("properties.workspaceId"), StringComparison.Ordinal));
        Assert.Equal(
            ["Microsoft.App/managedEnvironments", "Microsoft.ContainerRegistry/registries", "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.ServiceBus/namespaces", "Microsoft.Storage/storageAccounts"],
            settings.Select(TypeOfScope).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Production_SurvivesTheLossOfAZone()
    {
        Deployment deployment = await deployments.Production;

        Assert.Equal("ZoneRedundant", deployment.One("Microsoft.DBforPostgreSQL/flexibleServers").Text("properties.highAvailability.mode"));
        Assert.Equal("Standard_ZRS", deployment.One("Microsoft.Storage/storageAccounts").Text("sku.name"));
        Assert.Equal("true", deployment.One("Microsoft.App/managedEnvironments").Text("properties.zoneRedundant"));
        Assert.Equal("Enabled", deployment.One("Microsoft.ContainerRegistry/registries").Text("properties.zoneRedundancy"));
        Assert.Equal("Premium", deployment.One("Microsoft.ServiceBus/namespaces").Text("sku.name"));
    }

    [Fact]
    public async Task Trial_CostsLittleWhileIdle()
    {
        Deployment deployment = await deployments.Trial;

        Assert.Equal("Standard_B1ms", deployment.One("Microsoft.DBforPostgreSQL/flexibleServers").Text("sku.name"));
        Assert.Equal("Disabled", deployment.One("Microsoft.DBforPostgreSQL/flexibleServers").Text("properties.highAvailability.mode"));
        Assert.Equal("Standard", deployment.One("Microsoft.ServiceBus/namespaces").Text("sku.name"));
        Assert.Equal("Basic", deployment.One("Microsoft.ContainerRegistry/registries").Text("sku.name"));
        Assert.Equal("Standard_LRS", deployment.One("Microsoft.Storage/storageAccounts").Text("sku.name"));
        Assert.Equal("1", deployment.One("Microsoft.OperationalInsights/workspaces").Text("properties.workspaceCapping.dailyQuotaGb"));
        Assert.Equal("0", deployment.App("worker-cpu").Text("properties.template.scale.minReplicas"));
        Assert.Equal(2, deployment.Of("Microsoft.App/containerApps").Count);
        Assert.DoesNotContain("GPU", deployment.One("Microsoft.App/managedEnvironments").Text("properties.workloadProfiles"), StringComparison.Ordinal);
        Assert.Empty(deployment.Of("Microsoft.Network/virtualNetworks"));
    }

    [Fact]
    public async Task WithoutImages_ThereIsNoContainer()
    {
        Deployment deployment = await Deployment.OfAsync("trial.bicepparam", new Dictionary<string, string>());

        Assert.Empty(deployment.Of("Microsoft.App/containerApps"));
        deployment.One("Microsoft.ContainerRegistry/registries");
    }

    // …/providers/Microsoft.Storage/storageAccounts/NAME/blobServices/default/providers/Microsoft.Insights/…
    private static string TypeOfScope(Resource setting) => string.Join('/', setting.Text("id")!.Split("/providers/")[1].Split('/')[..2]);
}
