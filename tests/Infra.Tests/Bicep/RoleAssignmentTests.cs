using System.Text.RegularExpressions;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>Who may what: this list, and nothing beside it.</summary>
public sealed partial class RoleAssignmentTests(Deployments deployments)
{
    // Azure's built-in roles have the same ids everywhere.
    private static readonly Dictionary<string, string> Roles = new()
    {
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "AcrPull",
        ["090c5cfd-751d-490a-894a-3ce6f1109419"] = "Azure Service Bus Data Owner",
        ["4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"] = "Azure Service Bus Data Receiver",
        ["69a216fc-b8fb-44d8-bc22-1f3c2cd27a39"] = "Azure Service Bus Data Sender",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"] = "Storage Blob Data Reader",
    };

    [Theory]
    [InlineData("trial")]
    [InlineData("production")]
    public async Task RightsGiven_AreThoseNeeded(string file)
    {
        Deployment deployment = await deployments.OfAsync(file);

        Assert.Equal(
            new[]
            {
                "dashboard: Storage Blob Data Reader on storageAccounts",
                "operator: Azure Service Bus Data Receiver on queues/hrnet-jobs",
                "operator: Azure Service Bus Data Sender on queues/hrnet-jobs",
                "operator: Storage Blob Data Contributor on storageAccounts",
                "platform: AcrPull on registries",
                "platform: Azure Service Bus Data Owner on queues/hrnet-jobs",
                "worker: Azure Service Bus Data Receiver on queues/hrnet-jobs",
                "worker: Azure Service Bus Data Sender on topics/hrnet-events",
                "worker: Storage Blob Data Contributor on storageAccounts",
            },
            deployment.Of("Microsoft.Authorization/roleAssignments").Select(Sentence).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("trial", "worker-cpu")]
    [InlineData("trial", "dashboard")]
    [InlineData("production", "worker-gpu")]
    public async Task NoContainer_CanTakeThePlatformsTokens(string file, string app)
    {
        Resource container = (await deployments.OfAsync(file)).App(app);

        var lifecycles = container["properties.configuration.identitySettings"]!.AsArray()
            .ToDictionary(setting => setting!["identity"]!.ToString().Split('-')[^1], setting => setting!["lifecycle"]!.ToString());
        Assert.Equal("None", lifecycles["platform"]);
        Assert.Equal("Main", lifecycles[app.Split('-')[0]]);
        Assert.Equal(2, lifecycles.Count);
    }

    private static string Sentence(Resource assignment)
    {
        string role = Roles[assignment.Text("properties.roleDefinitionId")!.Split('/')[^1]];
        return $"{Principal(assignment.Text("properties.principalId")!)}: {role} on {Scope(assignment)}";
    }

    // An identity's principal id is known to Azure alone: the snapshot has the expression that asks for it.
    private static string Principal(string value) =>
        Identity().Match(value) is { Success: true } identity ? identity.Groups[1].Value : "operator";

    private static string Scope(Resource assignment)
    {
        string[] parts = assignment.Text("id")!.Split("/providers/Microsoft.Authorization/")[0].Split('/');
        return parts[^2] is "queues" or "topics" ? $"{parts[^2]}/{parts[^1]}" : parts[^2];
    }

    [GeneratedRegex("userAssignedIdentities/[a-z-]*-(worker|dashboard|platform)")]
    private static partial Regex Identity();
}
