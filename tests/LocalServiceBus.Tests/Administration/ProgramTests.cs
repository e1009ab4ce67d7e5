using System.Text.RegularExpressions;
using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed partial class ProgramTests
{
    [Fact]
    public async Task WhatAClientMade_IsThere_AfterTheProgramWasKilled()
    {
        using var folder = new TemporaryFolder();
        using (ProgramProcess first = Start(folder.Path))
        {
            string connectionString = await ServesAsync(first);
            var admin = new ServiceBusAdministrationClient(connectionString);
            await admin.CreateTopicAsync("news");
            await admin.CreateSubscriptionAsync(
                new CreateSubscriptionOptions("news", "some"), new CreateRuleOptions("r", new SqlRuleFilter("n > 1")));
            await admin.CreateQueueAsync("gone");
            await admin.DeleteQueueAsync("gone");
            await using var client = new ServiceBusClient(connectionString);
            await client.CreateSender("news").SendMessageAsync(new("kept") { ApplicationProperties = { ["n"] = 2 } });
            first.Kill();
            await first.ExitAsync();
        }
        using ProgramProcess second = Start(folder.Path);
        var again = new ServiceBusAdministrationClient(await ServesAsync(second));
        Assert.Equal(new SqlRuleFilter("n > 1"), (await again.GetRuleAsync("news", "some", "r")).Value.Filter);
        Assert.Equal(1, (await again.GetSubscriptionRuntimePropertiesAsync("news", "some")).Value.ActiveMessageCount);
        Assert.False(await again.QueueExistsAsync("gone"));
    }

    private static ProgramProcess Start(string folder) =>
        ProgramProcess.StartWith("HrNetBatch.LocalServiceBus.dll", "--data", folder, "--port", "0");

    private static Task<string> ServesAsync(ProgramProcess process) => Eventually.GetAsync(
        () => Task.FromResult(ConnectionString().Match(process.Log) is { Success: true } found ? found.Value : null),
        "the broker serves",
        TimeSpan.FromSeconds(60));

    [GeneratedRegex(@"Endpoint=sb://127\.0\.0\.1:\d+;\S+")]
    private static partial Regex ConnectionString();
}
