namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>Nothing is opened by a key or a password, and in production nothing from the internet.</summary>
public sealed class SecurityTests(Deployments deployments)
{
    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task NoKeyAndNoPassword_OpensAnything(string file)
    {
        Deployment deployment = await deployments.OfAsync(file);

        Assert.Empty(KeysAndPasswords(deployment));
    }

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task EveryTls_IsOneDotTwoAtLeast(string file)
    {
        Deployment deployment = await deployments.OfAsync(file);

        Assert.Equal("1.2", deployment.One("Microsoft.ServiceBus/namespaces").Text("properties.minimumTlsVersion"));
        Assert.Equal("TLS1_2", deployment.One("Microsoft.Storage/storageAccounts").Text("properties.minimumTlsVersion"));
        Assert.Equal("true", deployment.One("Microsoft.Storage/storageAccounts").Text("properties.supportsHttpsTrafficOnly"));
        var settings = deployment.Of("Microsoft.DBforPostgreSQL/flexibleServers/configurations")
            .ToDictionary(setting => setting.Name.Split('/')[^1], setting => setting.Text("properties.value"));
        Assert.Equal("on", settings["require_secure_transport"]);
        Assert.Equal("TLSv1.2", settings["ssl_min_protocol_version"]);
        Assert.Equal("false", deployment.App("dashboard").Text("properties.configuration.ingress.allowInsecure"));
    }

    [Fact]
    public async Task Production_IsNotReachedFromTheInternet()
    {
        Deployment deployment = await deployments.Production;

        Assert.Empty(PublicDoors(deployment));
        Assert.Equal(
            ["blob", "namespace", "postgresqlServer", "registry"],
            deployment.Of("Microsoft.Network/privateEndpoints")
                .Select(endpoint => endpoint["properties.privateLinkServiceConnections"]![0]!["properties"]!["groupIds"]![0]!.ToString()).Order());
    }

    [Fact]
    public async Task Trial_LetsTheInternetNoFurtherThanSignIn()
    {
        Deployment withoutSignIn = await deployments.Trial, withSignIn = await deployments.SignedIn;

        Assert.Equal("false", withoutSignIn.App("dashboard").Text("properties.configuration.ingress.external"));
        Assert.Equal("true", withSignIn.App("dashboard").Text("properties.configuration.ingress.external"));
        Resource signIn = withSignIn.One("Microsoft.App/containerApps/authConfigs");
        Assert.Equal("true", signIn.Text("properties.platform.enabled"));
        Assert.Equal("RedirectToLoginPage", signIn.Text("properties.globalValidation.unauthenticatedClientAction"));
        Assert.Equal("[\"/api/backlog/train,validate,classify,export\"]", signIn["properties.globalValidation.excludedPaths"]!.ToJsonString());
        Assert.Contains("22222222-2222-2222-2222-222222222222", signIn.Text("properties.identityProviders.azureActiveDirectory.registration.openIdIssuer"), StringComparison.Ordinal);
        Assert.Null(signIn["properties.identityProviders.azureActiveDirectory.registration.clientSecretSettingName"]);
    }

    [Fact]
    public async Task Trial_LetsOnlyAzureAndTheAdministratorCallPostgres()
    {
        var rules = (await deployments.SignedIn).Of("Microsoft.DBforPostgreSQL/flexibleServers/firewallRules")
            .Select(rule => $"{rule.Text("properties.startIpAddress")}-{rule.Text("properties.endIpAddress")}");

        Assert.Equal(["0.0.0.0-0.0.0.0", "192.0.2.7-192.0.2.7"], rules.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task KeysAndPasswords_AreFound()
    {
        Assert.Equal(
            [
                "Microsoft.ContainerRegistry/registries properties.adminUserEnabled is true",
                "Microsoft.DBforPostgreSQL/flexibleServers properties.authConfig.passwordAuth is Enabled",
                "Microsoft.ServiceBus/namespaces properties.disableLocalAuth is false",
                "Microsoft.Storage/storageAccounts properties.allowSharedKeyAccess is not set",
            ],
            KeysAndPasswords(await deployments.WithKeys).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task PublicDoors_AreFound()
    {
        Assert.Equal(5, PublicDoors(await deployments.WithPublicDoors).Count);
    }

    // What is not closed expressly: Azure's defaults are open.
    private static List<string> KeysAndPasswords(Deployment deployment)
    {
        List<string> open = [];
        Expect("Microsoft.ServiceBus/namespaces", "properties.disableLocalAuth", "true");
        Expect("Microsoft.Storage/storageAccounts", "properties.allowSharedKeyAccess", "false");
        Expect("Microsoft.Storage/storageAccounts", "properties.allowBlobPublicAccess", "false");
        Expect("Microsoft.DBforPostgreSQL/flexibleServers", "properties.authConfig.passwordAuth", "Disabled");
        Expect("Microsoft.DBforPostgreSQL/flexibleServers", "properties.authConfig.activeDirectoryAuth", "Enabled");
        Expect("Microsoft.ContainerRegistry/registries", "properties.adminUserEnabled", "false");
        Expect("Microsoft.OperationalInsights/workspaces", "properties.features.disableLocalAuth", "true");
        open.AddRange(deployment.Of("Microsoft.App/containerApps")
            .Where(app => app["properties.configuration.secrets"] is not null).Select(app => $"{app} holds secrets"));
        open.AddRange(deployment.Of("Microsoft.Storage/storageAccounts/blobServices/containers")
            .Where(container => container.Text("properties.publicAccess") != "None").Select(container => $"{container} is read by anybody"));
        return open;

        void Expect(string type, string path, string value)
        {
            if (deployment.One(type).Text(path) != value)
                open.Add($"{type} {path} is {deployment.One(type).Text(path) ?? "not set"}");
        }
    }

    private static List<string> PublicDoors(Deployment deployment)
    {
        string[] types =
        [
            "Microsoft.ServiceBus/namespaces", "Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries", "Microsoft.App/managedEnvironments",
        ];
        List<string> open = [.. types.Where(type => deployment.One(type).Text("properties.publicNetworkAccess") != "Disabled")];
        if (deployment.One("Microsoft.DBforPostgreSQL/flexibleServers").Text("properties.network.publicNetworkAccess") != "Disabled")
            open.Add("Microsoft.DBforPostgreSQL/flexibleServers");
        if (deployment.One("Microsoft.App/managedEnvironments").Text("properties.vnetConfiguration.internal") != "true")
            open.Add("the environment's address");
        open.AddRange(deployment.Of("Microsoft.DBforPostgreSQL/flexibleServers/firewallRules").Select(rule => rule.ToString()));
        open.AddRange(deployment.Of("Microsoft.Network/publicIPAddresses").Select(address => address.ToString()));
        return open;
    }
}
