using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.Conformance.Tests.DotNet;

public sealed class RuleManagerTests
{
    [Fact]
    public async Task ASubscription_BeginsWithTheDefaultRule()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        RuleProperties rule = Assert.Single(await ListAsync(rules));
        Assert.Equal(RuleProperties.DefaultRuleName, rule.Name);
        Assert.IsType<TrueRuleFilter>(rule.Filter);
        Assert.Null(rule.Action);
    }

    [Fact]
    public async Task RulesOfEveryKind_AreAddedAndListedAsTheyWere()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        await rules.CreateRuleAsync("sql", new SqlRuleFilter("size > 10 AND sys.Label LIKE 'a%'"));
        await rules.CreateRuleAsync("correlation", new CorrelationRuleFilter("c")
        {
            Subject = "s",
            MessageId = "m",
            To = "t",
            ReplyTo = "r",
            ContentType = "ct",
            SessionId = "sid",
            ReplyToSessionId = "rsid",
            ApplicationProperties = { ["text"] = "a", ["number"] = 5L, ["truth"] = true },
        });
        await rules.CreateRuleAsync(new CreateRuleOptions("action", new SqlRuleFilter("1 = 1"))
        { Action = new SqlRuleAction("SET color = 'red'") });

        Dictionary<string, RuleProperties> listed = (await ListAsync(rules)).ToDictionary(rule => rule.Name);
        Assert.Equal(["$Default", "action", "correlation", "sql"], listed.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("size > 10 AND sys.Label LIKE 'a%'", Assert.IsType<SqlRuleFilter>(listed["sql"].Filter).SqlExpression);
        Assert.Equal("SET color = 'red'", Assert.IsType<SqlRuleAction>(listed["action"].Action).SqlExpression);
        var correlation = Assert.IsType<CorrelationRuleFilter>(listed["correlation"].Filter);
        Assert.Equal(("c", "s", "m", "t"), (correlation.CorrelationId, correlation.Subject, correlation.MessageId, correlation.To));
        Assert.Equal(("r", "ct", "sid", "rsid"), (correlation.ReplyTo, correlation.ContentType, correlation.SessionId,
            correlation.ReplyToSessionId));
        Assert.Equal(new Dictionary<string, object> { ["text"] = "a", ["number"] = 5L, ["truth"] = true },
            correlation.ApplicationProperties);
    }

    [Fact]
    public async Task Rules_CountFromTheNextMessageOn()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        await using ServiceBusReceiver receiver = bus.Client.CreateReceiver(
            Bus.Topic, Bus.All, new ServiceBusReceiverOptions { ReceiveMode = ServiceBusReceiveMode.ReceiveAndDelete });
        await bus.SendToAsync(Bus.Topic, "before");
        await rules.DeleteRuleAsync(RuleProperties.DefaultRuleName);
        await bus.SendToAsync(Bus.Topic, "nobody wants it");
        await rules.CreateRuleAsync("big", new SqlRuleFilter("size > 10"));
        await using ServiceBusSender sender = bus.Client.CreateSender(Bus.Topic);
        await sender.SendMessagesAsync([Sized("small", 5), Sized("big", 15)]);
        Assert.Equal(["before", "big"], Bus.Bodies(await Bus.ReceiveAsync(receiver, 2)));
        await Bus.AssertEmptyAsync(receiver);

        static ServiceBusMessage Sized(string body, int size) => new(body) { ApplicationProperties = { ["size"] = size } };
    }

    [Fact]
    public async Task AnAction_ChangesTheCopy()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        await rules.DeleteRuleAsync(RuleProperties.DefaultRuleName);
        await rules.CreateRuleAsync(new CreateRuleOptions("paint", new TrueRuleFilter())
        { Action = new SqlRuleAction("SET color = 'red'; SET sys.Label = 'painted'") });
        await bus.SendToAsync(Bus.Topic, "x");
        ServiceBusReceivedMessage message = await Bus.ReceiveAsync(bus.Client.CreateReceiver(Bus.Topic, Bus.All));
        Assert.Equal(("x", "red", "painted"), (message.Body.ToString(), message.ApplicationProperties["color"], message.Subject));
    }

    [Fact]
    public async Task TheConstantFilters_WorkAsTheClientSendsThem()
    {
        await using Bus bus = await Bus.StartAsync(subscriptions: [new("other", new EntityOptions(),
            [LocalServiceBus.Core.Filters.Filter.True])]);
        await using ServiceBusRuleManager none = bus.Client.CreateRuleManager(Bus.Topic, Bus.All),
            all = bus.Client.CreateRuleManager(Bus.Topic, "other");
        await none.DeleteRuleAsync(RuleProperties.DefaultRuleName);
        await all.DeleteRuleAsync(RuleProperties.DefaultRuleName);
        await none.CreateRuleAsync("none", new FalseRuleFilter());
        await all.CreateRuleAsync("all", new TrueRuleFilter());
        await bus.SendToAsync(Bus.Topic, "x");
        Assert.Equal("x", (await Bus.ReceiveAsync(bus.Client.CreateReceiver(Bus.Topic, "other"))).Body.ToString());
        await Bus.AssertEmptyAsync(bus.Client.CreateReceiver(Bus.Topic, Bus.All));
    }

    [Fact]
    public async Task ASecondRuleOfAName_AndAMissingOne_AreRefused()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        await rules.CreateRuleAsync("one", new TrueRuleFilter());
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () =>
            rules.CreateRuleAsync("one", new TrueRuleFilter()));
        await Bus.AssertFailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => rules.DeleteRuleAsync("two"));
    }

    [Fact]
    public async Task AnExpressionThatCannotBeRead_IsRefused_AndNamed()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() =>
            rules.CreateRuleAsync("bad", new SqlRuleFilter("size >")));
        Assert.Contains("size >", refused.Message, StringComparison.Ordinal);
        Assert.Single(await ListAsync(rules));
    }

    [Fact]
    public async Task MoreThanAHundredRules_AreListed()
    {
        await using Bus bus = await Bus.StartAsync();
        await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
        foreach (string name in Bus.Numbers(120)) await rules.CreateRuleAsync(name, new SqlRuleFilter($"size = {name}"));
        Assert.Equal(121, (await ListAsync(rules)).Count);
    }

    [Fact]
    public async Task Rules_OutliveTheBroker()
    {
        using var folder = new TemporaryFolder();
        var options = new ServiceBusOptions { Folder = folder.Path };
        await using (Bus bus = await Bus.StartAsync(options: options))
        {
            await using ServiceBusRuleManager rules = bus.Client.CreateRuleManager(Bus.Topic, Bus.All);
            await rules.CreateRuleAsync("kept", new SqlRuleFilter("size > 10"));
            await rules.DeleteRuleAsync(RuleProperties.DefaultRuleName);
        }
        await using Bus again = await Bus.StartAsync(options: options);
        RuleProperties rule = Assert.Single(await ListAsync(again.Client.CreateRuleManager(Bus.Topic, Bus.All)));
        Assert.Equal(("kept", "size > 10"), (rule.Name, Assert.IsType<SqlRuleFilter>(rule.Filter).SqlExpression));
    }

    private static async Task<List<RuleProperties>> ListAsync(ServiceBusRuleManager rules)
    {
        List<RuleProperties> listed = [];
        await foreach (RuleProperties rule in rules.GetRulesAsync()) listed.Add(rule);
        return listed;
    }
}
