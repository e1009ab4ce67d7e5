using System.Text.RegularExpressions;
using HrNetBatch.LocalServiceBus.Configuration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Configuration;

public sealed partial class ConfigurationFileTests
{
    [Theory]
    [InlineData("{ \"UserConfig\": { \"Namespaces\": 7 } }", "shape of the Service Bus emulator's, at UserConfig.Namespaces (line 1, column ")]
    [InlineData("{\n  oops }", "shape of the Service Bus emulator's (line 2, column 3)")]
    public void WhatHasAnotherShape_IsToldByItsPlace_AndNotByTypes(string json, string expected)
    {
        ConfigurationException error = Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(json));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheExampleOfTheDocs_IsRead()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "local-service-bus.md"));
        BrokerDefinition definition = ConfigurationFile.Parse(Example().Match(page).Groups["json"].Value);

        QueueDefinition queue = Assert.Single(definition.Queues);
        Assert.Equal(("jobs", TimeSpan.FromMinutes(1), 10, TimeSpan.FromMinutes(10)),
            (queue.Name, queue.Options.LockDuration, queue.Options.MaxDeliveryCount, queue.Options.DuplicateWindow));
        Assert.Equal("failures", Assert.Single(Assert.Single(definition.Topics).Subscriptions).Name);
    }

    [Fact]
    public void TheExampleOfTheReadme_IsRead()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "src", "LocalServiceBus", "README.md"));
        BrokerDefinition definition = ConfigurationFile.Parse(Example().Match(page).Groups["json"].Value);
        Assert.Equal(["jobs", "failed"], definition.Queues.Select(queue => queue.Name));
        Assert.Equal("SET seen = TRUE", definition.Topics[0].Subscriptions[0].Rules[0].Action?.Expression);
    }

    [Fact]
    public void TheEmulatorsOwnExample_IsRead()
    {
        BrokerDefinition definition = ConfigurationFile.Parse("""
            { "UserConfig": { "Namespaces": [ { "Name": "sbemulatorns",
              "Queues": [ { "Name": "queue.1", "Properties": {
                "DeadLetteringOnMessageExpiration": false, "DefaultMessageTimeToLive": "PT1H", "DuplicateDetectionHistoryTimeWindow": "PT20S",
                "ForwardDeadLetteredMessagesTo": "", "ForwardTo": "", "LockDuration": "PT1M", "MaxDeliveryCount": 3,
                "RequiresDuplicateDetection": false, "RequiresSession": false } } ],
              "Topics": [ { "Name": "topic.1", "Properties": {
                "DefaultMessageTimeToLive": "PT1H", "DuplicateDetectionHistoryTimeWindow": "PT20S", "RequiresDuplicateDetection": false },
                "Subscriptions": [ { "Name": "subscription.1", "Properties": { "LockDuration": "PT1M", "MaxDeliveryCount": 3 },
                  "Rules": [ { "Name": "app-prop-filter-1", "Properties": { "FilterType": "Correlation", "CorrelationFilter": {
                    "ContentType": "application/text", "CorrelationId": "id1", "Label": "subject1", "MessageId": "msgid1", "ReplyTo": "someQueue",
                    "ReplyToSessionId": "sessionId", "SessionId": "session1", "To": "xyz", "Properties": { "prop1": "value1", "prop2": 2 } } } } ] },
                  { "Name": "subscription.2" } ] } ] } ],
              "Logging": { "Type": "File" } } }
            """);
        Assert.Equal(3, Assert.Single(definition.Queues).Options.MaxDeliveryCount);
        Assert.Equal(TimeSpan.FromHours(1), definition.Queues[0].Options.DefaultTimeToLive);
        Assert.Equal(2, Assert.Single(definition.Topics).Subscriptions.Count);
    }

    [Theory]
    [InlineData("""{ "Name": "q", "Properties": { "Status": "Sleeping" } }""", "queue 'q': Status is 'Sleeping'")]
    [InlineData("""{ "Name": "q", "Properties": { "AutoDeleteOnIdle": "soon" } }""", "AutoDeleteOnIdle is 'soon'")]
    [InlineData("""{ "Name": "q", "Properties": { "LockDuration": "60" } }""", "LockDuration is '60'")]
    [InlineData("""{ "Name": "q", "Properties": { "LockDuration": "PT6M" } }""", "at most PT5M")]
    [InlineData("""{ "Name": "q", "Properties": { "MaxDeliveryCount": 0 } }""", "MaxDeliveryCount is 0")]
    [InlineData("""{ "Name": "q", "Properties": { "EnablePartitioning": true } }""", "EnablePartitioning")]
    [InlineData("""{ "Name": "q$" }""", "'q$' is no name")]
    [InlineData("""{ "Properties": {} }""", "Name")]
    [InlineData("""{ "Name": 7 }""", "Name")]
    public void WhatThisBrokerLacks_IsRefused_AndNamed(string queue, string named) => Assert.Contains(
        named,
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(
            $$"""{ "UserConfig": { "Namespaces": [ { "Name": "local", "Queues": [ {{queue}} ] } ] } }""")).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{ "Name": "t", "Properties": { "LockDuration": "PT1M" } }""", "topic 't': LockDuration is nothing that a topic has")]
    [InlineData("""{ "Name": "t", "Subscriptions": [ { "Name": "s", "Properties": { "MaxSizeInMegabytes": 1 } } ] }""", "subscription 't/s': MaxSizeInMegabytes")]
    [InlineData("""{ "Name": "t", "Subscriptions": [ { "Name": "a/b" } ] }""", "'a/b' is no name")]
    public void WhatAnEntityWouldIgnore_IsRefused_AndNamed(string topic, string named) => Assert.Contains(
        named,
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(
            $$"""{ "UserConfig": { "Namespaces": [ { "Name": "local", "Topics": [ {{topic}} ] } ] } }""")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void WhatTheEmulatorAlsoNames_IsHonoured()
    {
        BrokerDefinition definition = ConfigurationFile.Parse("""
            { "UserConfig": { "Namespaces": [ { "Name": "sbemulatorns",
              "Queues": [ { "Name": "q", "Properties": { "ForwardTo": "t", "ForwardDeadLetteredMessagesTo": "t", "AutoDeleteOnIdle": "PT5M",
                "MaxSizeInMegabytes": 2, "MaxMessageSizeInKilobytes": 3, "Status": "SendDisabled", "UserMetadata": "note" } } ],
              "Topics": [ { "Name": "t", "Subscriptions": [ { "Name": "s", "Rules": [
                { "Name": "r", "Properties": { "FilterType": "Sql", "SqlFilter": { "SqlExpression": "1 = 1" }, "Action": { "SqlExpression": "SET sys.To = 'x'" } } },
                { "Properties": { "FilterType": "False" } } ] } ] } ] } ] } }
            """);
        Assert.Equal(
            new EntityOptions
            {
                ForwardTo = "t",
                ForwardDeadLettersTo = "t",
                AutoDeleteOnIdle = TimeSpan.FromMinutes(5),
                MaxSizeMegabytes = 2,
                MaxMessageKilobytes = 3,
                Status = EntityStatus.SendDisabled,
                UserMetadata = "note",
            },
            Assert.Single(definition.Queues).Options);
        IReadOnlyList<Rule> rules = definition.Topics[0].Subscriptions[0].Rules;
        Assert.Equal([("r", "SET sys.To = 'x'"), ("rule-2", null)], rules.Select(rule => (rule.Name, rule.Action?.Expression)));
    }

    [Theory]
    [InlineData("""{ "FilterType": "Sql", "SqlFilter": { "SqlExpression": "a + 1 = 2" } }""", "subscription 't/s', rule 'r': the SQL filter \"a + 1 = 2\"")]
    [InlineData("""{ "FilterType": "Sql", "SqlFilter": { "SqlExpression": "1=1" }, "Action": { "SqlExpression": "SET a = 1 + 1" } }""", "the action \"SET a = 1 + 1\"")]
    [InlineData("""{ "FilterType": "Magic" }""", "'Magic'")]
    [InlineData("""{ "FilterType": "Correlation", "CorrelationFilter": { "Properties": { "a": [] } } }""", "'a'")]
    public void ARuleThatThisBrokerLacks_IsRefused_AndNamed(string rule, string named) => Assert.Contains(
        named,
        Assert.Throws<ConfigurationException>(() => ConfigurationFile.Parse(
            $$"""
            { "UserConfig": { "Namespaces": [ { "Name": "local", "Topics": [ { "Name": "t", "Subscriptions": [
              { "Name": "s", "Rules": [ { "Name": "r", "Properties": {{rule}} } ] } ] } ] } ] } }
            """)).Message,
        StringComparison.Ordinal);

    [GeneratedRegex("```json\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
