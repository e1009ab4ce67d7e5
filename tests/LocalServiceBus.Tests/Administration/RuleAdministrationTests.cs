using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using static HrNetBatch.LocalServiceBus.Tests.Administration.AdministrationFixture;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class RuleAdministrationTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private ServiceBusAdministrationClient Client => fixture.Client;

    [Fact]
    public async Task Rules_ComeBackAsTheyWereMade_AlsoAfterARestart()
    {
        await Client.CreateTopicAsync("ruled");
        await Client.CreateSubscriptionAsync(new CreateSubscriptionOptions("ruled", "s"), new CreateRuleOptions("first", new FalseRuleFilter()));
        var sql = new SqlRuleFilter("amount > @least AND name = @name AND due < @due")
        {
            Parameters = { ["@least"] = 3L, ["@name"] = "x", ["@due"] = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) },
        };
        var action = new SqlRuleAction("SET sys.Label = @label; SET seen = TRUE; REMOVE amount") { Parameters = { ["@label"] = "done" } };
        await Client.CreateRuleAsync("ruled", "s", new CreateRuleOptions("sql", sql) { Action = action });
        var correlation = new CorrelationRuleFilter
        {
            Subject = "subject",
            CorrelationId = "correlation",
            MessageId = "message",
            SessionId = "session",
            ReplyToSessionId = "reply session",
            ReplyTo = "reply",
            To = "to",
            ContentType = "type",
            ApplicationProperties =
            {
                ["text"] = "a <b>", ["whole"] = 3, ["long"] = 4L, ["real"] = 0.5, ["truth"] = true, ["span"] = TimeSpan.FromMinutes(5),
            },
        };
        await Client.CreateRuleAsync("ruled", "s", new CreateRuleOptions("correlation", correlation));
        await fixture.RestartAsync();

        Assert.IsType<FalseRuleFilter>((await Client.GetRuleAsync("ruled", "s", "first")).Value.Filter);
        RuleProperties rule = await Client.GetRuleAsync("ruled", "s", "sql");
        Assert.Equal(("sql", sql, action), (rule.Name, rule.Filter, rule.Action));
        Assert.Equal(sql.Parameters, ((SqlRuleFilter)rule.Filter).Parameters);
        Assert.Equal(action.Parameters, ((SqlRuleAction)rule.Action).Parameters);
        var found = (CorrelationRuleFilter)(await Client.GetRuleAsync("ruled", "s", "correlation")).Value.Filter;
        Assert.Equal(correlation, found);
        Assert.Equal(correlation.ApplicationProperties, found.ApplicationProperties);
    }

    [Fact]
    public async Task Rules_CountForTheNextMessage()
    {
        await Client.CreateTopicAsync("live");
        await Client.CreateSubscriptionAsync("live", "s");
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        ServiceBusSender sender = client.CreateSender("live");
        await sender.SendMessageAsync(Message("before", 1));
        await Client.DeleteRuleAsync("live", "s", "$Default");
        await sender.SendMessageAsync(Message("between", 5));
        await Client.CreateRuleAsync("live", "s", new CreateRuleOptions("big", new SqlRuleFilter("amount >= 5"))
        {
            Action = new SqlRuleAction("SET sys.Label = 'big'; SET note = 'seen'; REMOVE amount"),
        });
        await sender.SendMessageAsync(Message("small", 4));
        await sender.SendMessageAsync(Message("large", 5));
        RuleProperties rule = await Client.GetRuleAsync("live", "s", "big");
        rule.Filter = new SqlRuleFilter("amount < 5");
        rule.Action = null;
        await Client.UpdateRuleAsync("live", "s", rule);
        await sender.SendMessageAsync(Message("late", 4));

        ServiceBusReceiver receiver = client.CreateReceiver(
            "live", "s", new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        List<ServiceBusReceivedMessage> found = [];
        while (found.Count < 3) found.AddRange(await receiver.ReceiveMessagesAsync(3, TimeSpan.FromSeconds(30)));
        Assert.Equal(["before", "large", "late"], found.Select(message => message.Body.ToString()));
        IReadOnlyDictionary<string, object> properties = found[1].ApplicationProperties;
        Assert.Equal(
            ("big", "seen", "big", false), (found[1].Subject, properties["note"], properties["RuleName"], properties.ContainsKey("amount")));
        Assert.Equal(("sent", 4), (found[2].Subject, found[2].ApplicationProperties["amount"]));
        Assert.Null(await receiver.PeekMessageAsync());

        static ServiceBusMessage Message(string body, int amount) =>
            new(body) { Subject = "sent", ApplicationProperties = { ["amount"] = amount } };
    }

    [Theory]
    [InlineData("amount + 1 = 2", null, "'+' at position 8 is not supported")]
    [InlineData("amount = @none", null, "The parameter @none at position 10 has no value")]
    [InlineData("1 = 1", "DROP TABLE", "SET or REMOVE")]
    public async Task SqlThatThisBrokerLacks_IsABadRequest_AndNamed(string filter, string? action, string named)
    {
        string topic = $"refusing-{named.Length}";
        await Client.CreateTopicAsync(topic);
        await Client.CreateSubscriptionAsync(topic, "s");
        var options = new CreateRuleOptions("r", new SqlRuleFilter(filter)) { Action = action is null ? null : new SqlRuleAction(action) };
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => Client.CreateRuleAsync(topic, "s", options));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARuleThatIsNotThere_IsNotFound()
    {
        await Client.CreateTopicAsync("bare");
        await Client.CreateSubscriptionAsync("bare", "s");
        foreach (Func<Task> call in (Func<Task>[])[() => Client.GetRuleAsync("bare", "s", "none"), () => Client.DeleteRuleAsync("bare", "s", "none")])
            await FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, call);
        RuleProperties rule = await Client.GetRuleAsync("bare", "s", "$Default");
        Assert.IsType<TrueRuleFilter>(rule.Filter);
        await Client.DeleteRuleAsync("bare", "s", "$Default");
        await FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => Client.UpdateRuleAsync("bare", "s", rule));
    }
}
