using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class RuleAdministrationTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private ServiceBusAdministrationClient Client => fixture.Client;

    [Fact]
    public async Task Rules_ComeBackAsTheyWereMade_AlsoAfterARestart()
    {
        await Client.CreateTopicAsync("ruled", TestContext.Current.CancellationToken);
        await Client.CreateSubscriptionAsync(new CreateSubscriptionOptions("ruled", "s"), new CreateRuleOptions("first", new FalseRuleFilter()), TestContext.Current.CancellationToken);
        var sql = new SqlRuleFilter("amount > @least AND name = @name AND due < @due") { Parameters = { ["@least"] = 3L, ["@name"] = "x", ["@due"] = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) } };
        var action = new SqlRuleAction("SET sys.Label = @label; SET seen = TRUE; REMOVE amount") { Parameters = { ["@label"] = "done" } };
        await Client.CreateRuleAsync("ruled", "s", new CreateRuleOptions("sql", sql) { Action = action }, TestContext.Current.CancellationToken);
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
            ApplicationProperties = { ["text"] = "a <b>", ["whole"] = 3, ["long"] = 4L, ["real"] = 0.5, ["truth"] = true, ["span"] = TimeSpan.FromMinutes(5) },
        };
        await Client.CreateRuleAsync("ruled", "s", new CreateRuleOptions("correlation", correlation), TestContext.Current.CancellationToken);
        await fixture.RestartAsync();

        Assert.IsType<FalseRuleFilter>((await Client.GetRuleAsync("ruled", "s", "first", TestContext.Current.CancellationToken)).Value.Filter);
        RuleProperties rule = await Client.GetRuleAsync("ruled", "s", "sql", TestContext.Current.CancellationToken);
        Assert.Equal(("sql", sql, action), (rule.Name, rule.Filter, rule.Action));
        Assert.Equal(sql.Parameters, ((SqlRuleFilter)rule.Filter).Parameters);
        Assert.Equal(action.Parameters, ((SqlRuleAction)rule.Action).Parameters);
        var found = (CorrelationRuleFilter)(await Client.GetRuleAsync("ruled", "s", "correlation", TestContext.Current.CancellationToken)).Value.Filter;
        Assert.Equal(correlation, found);
        Assert.Equal(correlation.ApplicationProperties, found.ApplicationProperties);
    }

    [Fact]
    public async Task Rules_CountForTheNextMessage()
    {
        await Client.CreateTopicAsync("live", TestContext.Current.CancellationToken);
        await Client.CreateSubscriptionAsync("live", "s", TestContext.Current.CancellationToken);
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        ServiceBusSender sender = client.CreateSender("live");
        await sender.SendMessageAsync(Message("before", 1), TestContext.Current.CancellationToken);
        await Client.DeleteRuleAsync("live", "s", "$Default", TestContext.Current.CancellationToken);
        await sender.SendMessageAsync(Message("between", 5), TestContext.Current.CancellationToken);
        await Client.CreateRuleAsync("live", "s", new CreateRuleOptions("big", new SqlRuleFilter("amount >= 5")) { Action = new SqlRuleAction("SET sys.Label = 'big'; SET note = 'seen'; REMOVE amount") }, TestContext.Current.CancellationToken);
        await sender.SendMessageAsync(Message("small", 4), TestContext.Current.CancellationToken);
        await sender.SendMessageAsync(Message("large", 5), TestContext.Current.CancellationToken);
        RuleProperties rule = await Client.GetRuleAsync("live", "s", "big", TestContext.Current.CancellationToken);
        rule.Filter = new SqlRuleFilter("amount < 5");
        rule.Action = null;
        await Client.UpdateRuleAsync("live", "s", rule, TestContext.Current.CancellationToken);
        await sender.SendMessageAsync(Message("late", 4), TestContext.Current.CancellationToken);

        ServiceBusReceiver receiver = client.CreateReceiver("live", "s", new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        List<ServiceBusReceivedMessage> found = [];
        while (found.Count < 3) found.AddRange(await receiver.ReceiveMessagesAsync(3, TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal(["before", "large", "late"], found.Select(message => message.Body.ToString()));
        Assert.Equal(("big", "seen", "big", false), (found[1].Subject, found[1].ApplicationProperties["note"], found[1].ApplicationProperties["RuleName"], found[1].ApplicationProperties.ContainsKey("amount")));
        Assert.Equal(("sent", 4), (found[2].Subject, found[2].ApplicationProperties["amount"]));
        Assert.Null(await receiver.PeekMessageAsync(cancellationToken: TestContext.Current.CancellationToken));

        static ServiceBusMessage Message(string body, int amount) => new(body) { Subject = "sent", ApplicationProperties = { ["amount"] = amount } };
    }

    [Theory]
    [InlineData("amount + 1 = 2", null, "'+' at position 8 is not supported")]
    [InlineData("amount = @none", null, "The parameter @none at position 10 has no value")]
    [InlineData("1 = 1", "DROP TABLE", "SET or REMOVE")]
    public async Task SqlThatThisBrokerLacks_IsABadRequest_AndNamed(string filter, string? action, string named)
    {
        await Client.CreateTopicAsync($"refusing-{named.Length}", TestContext.Current.CancellationToken);
        await Client.CreateSubscriptionAsync($"refusing-{named.Length}", "s", TestContext.Current.CancellationToken);
        var options = new CreateRuleOptions("r", new SqlRuleFilter(filter)) { Action = action is null ? null : new SqlRuleAction(action) };
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => Client.CreateRuleAsync($"refusing-{named.Length}", "s", options, TestContext.Current.CancellationToken));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARuleThatIsNotThere_IsNotFound()
    {
        await Client.CreateTopicAsync("bare", TestContext.Current.CancellationToken);
        await Client.CreateSubscriptionAsync("bare", "s", TestContext.Current.CancellationToken);
        foreach (Func<Task> call in (Func<Task>[])[() => Client.GetRuleAsync("bare", "s", "none"), () => Client.DeleteRuleAsync("bare", "s", "none")])
            await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, call);
        RuleProperties rule = await Client.GetRuleAsync("bare", "s", "$Default", TestContext.Current.CancellationToken);
        Assert.IsType<TrueRuleFilter>(rule.Filter);
        await Client.DeleteRuleAsync("bare", "s", "$Default", TestContext.Current.CancellationToken);
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => Client.UpdateRuleAsync("bare", "s", rule));
    }
}
