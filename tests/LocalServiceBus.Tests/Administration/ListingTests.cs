using Azure;
using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class ListingTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private ServiceBusAdministrationClient Client => fixture.Client;

    [Fact]
    public async Task MoreThanAPage_IsListedWhole_InOrder()
    {
        await Client.CreateTopicAsync("many");
        string[] names = [.. Enumerable.Range(0, 203).Select(number => $"listed-{number:000}")];
        foreach (string name in names) await Client.CreateSubscriptionAsync("many", name);
        List<int> pages = [];
        List<string> found = [];
        await foreach (Page<SubscriptionProperties> page in Client.GetSubscriptionsAsync("many").AsPages())
        {
            pages.Add(page.Values.Count);
            found.AddRange(page.Values.Select(subscription => subscription.SubscriptionName));
        }
        Assert.Equal([100, 100, 3], pages);
        Assert.Equal(names, found);
    }

    [Fact]
    public async Task QueuesSubscriptionsAndRules_AreListed_EachOfTheirOwn()
    {
        await using var own = new AdministrationFixture(); // the other tests make queues in theirs
        await own.InitializeAsync();
        ServiceBusAdministrationClient client = own.Client;
        await client.CreateQueueAsync("a-queue");
        await client.CreateTopicAsync("t/1");
        await client.CreateTopicAsync("t/2");
        await client.CreateSubscriptionAsync("t/1", "s2");
        await client.CreateSubscriptionAsync("t/1", "s1");
        await client.CreateSubscriptionAsync("t/2", "s3");
        await client.CreateRuleAsync("t/1", "s1", new CreateRuleOptions("more", new SqlRuleFilter("a = 1")));
        Assert.Equal(["a-queue", "declared"], await NamesAsync(client.GetQueuesAsync(), queue => queue.Name));
        Assert.Equal(["s1", "s2"], await NamesAsync(client.GetSubscriptionsAsync("t/1"), subscription => subscription.SubscriptionName));
        Assert.Equal(["$Default", "more"], await NamesAsync(client.GetRulesAsync("t/1", "s1"), rule => rule.Name));
        Assert.Equal(["s1", "s2"], await NamesAsync(client.GetSubscriptionsRuntimePropertiesAsync("t/1"), one => one.SubscriptionName));
    }

    [Fact]
    public async Task Counts_AreThoseOfTheMessages_ByState()
    {
        await Client.CreateQueueAsync(new CreateQueueOptions("counted") { MaxDeliveryCount = 5 });
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        ServiceBusSender sender = client.CreateSender("counted");
        foreach (string body in (string[])["a", "b", "c", "d"]) await sender.SendMessageAsync(new(body) { TimeToLive = TimeSpan.FromHours(1) });
        await sender.ScheduleMessageAsync(new("later"), TimeProvider.System.GetUtcNow().AddHours(1));
        ServiceBusReceiver receiver = client.CreateReceiver("counted");
        await receiver.DeadLetterMessageAsync(await receiver.ReceiveMessageAsync());
        await receiver.DeferMessageAsync(await receiver.ReceiveMessageAsync());
        await receiver.CompleteMessageAsync(await receiver.ReceiveMessageAsync());

        QueueRuntimeProperties queue = await Client.GetQueueRuntimePropertiesAsync("counted");
        Assert.Equal((2, 1, 1), (queue.ActiveMessageCount, queue.ScheduledMessageCount, queue.DeadLetterMessageCount));
        Assert.Equal((0, 0, 4), (queue.TransferMessageCount, queue.TransferDeadLetterMessageCount, queue.TotalMessageCount));
        Assert.InRange(queue.SizeInBytes, 4, 4096);
        Assert.InRange(queue.AccessedAt, queue.CreatedAt, TimeProvider.System.GetUtcNow());
        Assert.Equal(queue.CreatedAt, queue.UpdatedAt);
        await fixture.RestartAsync();
        QueueRuntimeProperties again = await Client.GetQueueRuntimePropertiesAsync("counted");
        Assert.Equal((queue.CreatedAt, queue.SizeInBytes, 4), (again.CreatedAt, again.SizeInBytes, again.TotalMessageCount));
    }

    [Fact]
    public async Task ATopic_CountsItsSubscriptionsAndWhatIsScheduled()
    {
        await Client.CreateTopicAsync("counted-topic");
        await Client.CreateSubscriptionAsync("counted-topic", "s1");
        await Client.CreateSubscriptionAsync("counted-topic", "s2");
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await client.CreateSender("counted-topic").SendMessageAsync(new("a"));
        await client.CreateSender("counted-topic").ScheduleMessageAsync(new("b"), TimeProvider.System.GetUtcNow().AddHours(1));
        TopicRuntimeProperties topic = await Client.GetTopicRuntimePropertiesAsync("counted-topic");
        Assert.Equal((2, 1), (topic.SubscriptionCount, topic.ScheduledMessageCount));
        SubscriptionRuntimeProperties subscription = await Client.GetSubscriptionRuntimePropertiesAsync("counted-topic", "s2");
        Assert.Equal((1, 0, 1), (subscription.ActiveMessageCount, subscription.DeadLetterMessageCount, subscription.TotalMessageCount));
    }

    [Fact]
    public async Task TheNamespace_IsDescribed()
    {
        NamespaceProperties space = await Client.GetNamespacePropertiesAsync();
        Assert.Equal(("127.0.0.1", MessagingSku.Standard), (space.Name, space.MessagingSku));
        Assert.InRange(space.CreatedTime, TimeProvider.System.GetUtcNow().AddMinutes(-10), TimeProvider.System.GetUtcNow());
        Assert.InRange(space.ModifiedTime, space.CreatedTime, TimeProvider.System.GetUtcNow());
    }

    private static async Task<List<string>> NamesAsync<T>(AsyncPageable<T> entities, Func<T, string> name)
        where T : notnull
    {
        List<string> names = [];
        await foreach (T entity in entities) names.Add(name(entity));
        return names;
    }
}
