using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

public sealed class RunTimeEntityTests : IAsyncDisposable
{
    private readonly TestBroker _broker = new(new BrokerDefinition
    {
        Queues = [new QueueDefinition("declared", new EntityOptions { MaxDeliveryCount = 3 })],
        Topics = [new TopicDefinition("events", new EntityOptions(), [new("all", new EntityOptions(), [Filter.True])])],
    });

    private MessageBroker Broker => _broker.Broker;

    [Fact]
    public async Task WhatIsMadeAtRunTime_IsThereAgainAfterARestart_WithItsMessagesAndRules()
    {
        await Broker.CreateAsync("jobs", EntityKind.Queue, new EntityOptions { RequiresSession = true });
        var correlation = new CorrelationFilter(
            new Dictionary<string, string> { ["Label"] = "c" }, new Dictionary<string, object?> { ["n"] = 7L });
        Rule[] first = [new Rule("b", SqlFilter.Parse("sys.Label = @p", new Dictionary<string, object?> { ["@p"] = "b" }))];
        await Broker.CreateAsync("events/Subscriptions/late", EntityKind.Subscription, new EntityOptions(), first);
        Entity late = Broker.Find("events/Subscriptions/late");
        await late.AddRuleAsync(new Rule("c", correlation));
        await late.AddRuleAsync(new Rule("d", Filter.False, SqlAction.Parse("SET sys.Label = 'e'; REMOVE f")));
        await Broker.Find("jobs").SendAsync([TestBroker.Message("a", "s")]);
        await _broker.RestartAsync();

        Assert.Equal(["a"], await _broker.IdsAsync("jobs"));
        Assert.True(Broker.Find("jobs").Options.RequiresSession);
        IReadOnlyList<Rule> rules = Broker.Find("events/subscriptions/LATE").Rules;
        Assert.Equal(["b", "c", "d"], rules.Select(rule => rule.Name));
        var sql = Assert.IsType<SqlFilter>(rules[0].Filter);
        Assert.Equal(("sys.Label = @p", "b"), (sql.Expression, sql.Parameters["@p"]));
        Assert.Equal(7L, Assert.IsType<CorrelationFilter>(rules[1].Filter).Application["n"]);
        Assert.Equal((Filter.False, "SET sys.Label = 'e'; REMOVE f"), (rules[2].Filter, rules[2].Action?.Expression));
        Assert.Equal(_broker.Clock.GetUtcNow(), rules[2].CreatedAt);
    }

    [Fact]
    public async Task Rules_CountFromTheNextMessage_AndOneWithAnActionGivesACopyOfItsOwn()
    {
        Entity all = Broker.Find("events/Subscriptions/all"), topic = Broker.Find("events");
        await topic.SendAsync([TestBroker.Message("a")]);
        SqlAction action = SqlAction.Parse("SET sys.Label = 'B'; SET n = 1; SET gone = 2; REMOVE gone");
        await all.AddRuleAsync(new Rule("loud", SqlFilter.Parse("sys.Label = 'b'"), action));
        await topic.SendAsync([TestBroker.Message("b")]);
        await all.RemoveRuleAsync("$default");
        await topic.SendAsync([TestBroker.Message("c")]);

        string[] found = [.. (await all.PeekAsync(0, 10)).Select(message => System.Text.Encoding.UTF8.GetString(message.Content))];
        Assert.Equal(["a", "b", "B;n=1;RuleName=loud"], found);
        Assert.Equal(["loud"], all.Rules.Select(rule => rule.Name));
    }

    [Fact]
    public async Task ARefusal_SaysWhich()
    {
        Entity all = Broker.Find("events/Subscriptions/all");
        var options = new EntityOptions();
        TimeSpan tooLong = TimeSpan.FromMinutes(6);
        await RefusedAsync(Refusal.EntityExists, () => Broker.CreateAsync("DECLARED", EntityKind.Topic, options));
        await RefusedAsync(Refusal.EntityNotFound, () => Broker.CreateAsync("none/Subscriptions/s", EntityKind.Subscription, options));
        await RefusedAsync(Refusal.InvalidArgument, () => Broker.CreateAsync("a b", EntityKind.Queue, options));
        await RefusedAsync(Refusal.InvalidArgument, () => Broker.CreateAsync("a/Subscriptions/b", EntityKind.Queue, options));
        await RefusedAsync(Refusal.InvalidArgument, () => Broker.CreateAsync("q", EntityKind.Queue, options with { LockDuration = tooLong }));
        await RefusedAsync(Refusal.InvalidArgument, () => Broker.CreateAsync("q", EntityKind.Queue, options with { ForwardTo = "none" }));
        await RefusedAsync(Refusal.InvalidArgument, () => Broker.UpdateAsync("declared", EntityKind.Queue, options with { RequiresSession = true }));
        await RefusedAsync(Refusal.InvalidArgument, () => Broker.CreateAsync("q", EntityKind.Queue, options with { MaxSizeMegabytes = long.MaxValue }));
        await RefusedAsync(Refusal.EntityNotFound, () => Broker.DeleteAsync("none"));
        await RefusedAsync(Refusal.EntityExists, () => all.AddRuleAsync(new Rule("$Default", Filter.True)));
        await RefusedAsync(Refusal.EntityNotFound, () => all.RemoveRuleAsync("none"));
        await RefusedAsync(Refusal.InvalidArgument, () => all.AddRuleAsync(new Rule("a/b", Filter.True)));
        await RefusedAsync(Refusal.NotAllowed, () => Broker.Find("declared").AddRuleAsync(new Rule("a", Filter.True)));
        Assert.Null(Broker.Describe("q"));
    }

    [Fact]
    public async Task ADeletedEntity_TakesItsMessagesAlong_EndsItsReceivers_AndWorksAgainWhenItIsMadeAgain()
    {
        Entity queue = Broker.Find("declared");
        await queue.SendAsync([TestBroker.Message("a"), TestBroker.Message("b") with { ScheduledFor = _broker.Clock.GetUtcNow().AddHours(1) }]);
        List<BrokerException?> ended = [];
        Receiver receiver = queue.Attach(ReceiveMode.PeekLock, null, handover => ended.Add(handover.Ended));
        await queue.SetLimitAsync(receiver, 1, drain: false);
        await Broker.DeleteAsync("declared");

        Assert.Equal(Refusal.EntityNotFound, ended[^1]?.Reason);
        await RefusedAsync(Refusal.EntityNotFound, () => queue.SendAsync([TestBroker.Message("c")]));
        await queue.DetachAsync(receiver);
        await Broker.CreateAsync("declared", EntityKind.Queue, new EntityOptions());
        await queue.SendAsync([TestBroker.Message("d")]);
        Assert.Equal(["d"], await _broker.IdsAsync("declared"));
        await _broker.RestartAsync();
        Assert.Equal(["d"], await _broker.IdsAsync("declared"));
    }

    [Fact]
    public async Task ASubscription_IsSpeltAsItsTopicIs()
    {
        EntitySnapshot made = await Broker.CreateAsync("EVENTS/subscriptions/Late", EntityKind.Subscription, new EntityOptions());
        Assert.Equal("events/Subscriptions/Late", made.Name);
    }

    [Fact]
    public async Task ATopic_IsDeletedWithItsSubscriptions()
    {
        await Broker.DeleteAsync("events");
        Assert.Null(Broker.Describe("events/Subscriptions/all"));
        Assert.Null(Broker.Describe("events/Subscriptions/all/$DeadLetterQueue"));
    }

    [Fact]
    public async Task TheStoreIsRight_UntilTheFileSaysSomethingNew()
    {
        using var folder = new TemporaryFolder();
        ServiceBusOptions options = With(new EntityOptions { MaxDeliveryCount = 3 });
        await using (ServiceBusServer server = await ServiceBusServer.StartAsync(options))
        {
            await server.Broker.UpdateAsync("jobs", EntityKind.Queue, new EntityOptions { MaxDeliveryCount = 4 });
            await server.Broker.CreateAsync("own", EntityKind.Queue, new EntityOptions());
            await server.Broker.DeleteAsync("gone");
        }
        await using (ServiceBusServer server = await ServiceBusServer.StartAsync(options))
        {
            Assert.Equal(4, server.Broker.Find("jobs").Options.MaxDeliveryCount);
            Assert.NotNull(server.Broker.Describe("own"));
            Assert.NotNull(server.Broker.Describe("gone"));   // declared, so it is made where it is missing
            Assert.Empty(server.Broker.ChangedEntities);
        }
        await using (ServiceBusServer server = await ServiceBusServer.StartAsync(With(new EntityOptions { MaxDeliveryCount = 5 })))
        {
            Assert.Equal(5, server.Broker.Find("jobs").Options.MaxDeliveryCount);
            Assert.Equal(["jobs"], server.Broker.ChangedEntities);
        }

        ServiceBusOptions With(EntityOptions jobs) => new()
        {
            Entities = new BrokerDefinition { Queues = [new QueueDefinition("jobs", jobs), new QueueDefinition("gone", new EntityOptions())] },
            Folder = folder.Path,
            Port = 0,
        };
    }

    [Theory]
    [InlineData("none", null, "'jobs': ForwardTo is 'none'")]
    [InlineData(null, 300, "'jobs': MaxMessageSizeInKilobytes is 300, but this broker takes 256")]
    public async Task WhatTheFileAsksForInVain_IsRefusedAtStart_AndNamed(string? forwardTo, int? kilobytes, string named)
    {
        using var folder = new TemporaryFolder();
        var options = new ServiceBusOptions
        {
            Entities = new BrokerDefinition
            {
                Queues = [new QueueDefinition("jobs", new EntityOptions { ForwardTo = forwardTo, MaxMessageKilobytes = kilobytes })],
            },
            Folder = folder.Path,
            Port = 0,
        };
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => ServiceBusServer.StartAsync(options));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);

        // The folder is free again.
        await using ServiceBusServer server = await ServiceBusServer.StartAsync(options with { Entities = new BrokerDefinition() });
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    internal static async Task RefusedAsync(Refusal reason, Func<Task> call) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<BrokerException>(call)).Reason);
}
