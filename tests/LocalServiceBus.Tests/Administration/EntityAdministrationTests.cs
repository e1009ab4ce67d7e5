using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;
using static HrNetBatch.LocalServiceBus.Tests.Administration.AdministrationFixture;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class EntityAdministrationTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private ServiceBusAdministrationClient Client => fixture.Client;

    [Fact]
    public async Task AQueue_IsWhatItWasMadeAs_AlsoAfterARestart()
    {
        await Client.CreateQueueAsync("target");
        var options = new CreateQueueOptions("made/as-told")
        {
            LockDuration = TimeSpan.FromSeconds(17),
            MaxDeliveryCount = 4,
            MaxSizeInMegabytes = 2048,
            DefaultMessageTimeToLive = TimeSpan.FromHours(7),
            DeadLetteringOnMessageExpiration = true,
            RequiresDuplicateDetection = true,
            DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(3),
            AutoDeleteOnIdle = TimeSpan.FromHours(9),
            EnableBatchedOperations = false,
            MaxMessageSizeInKilobytes = 64,
            UserMetadata = "made by a test: <&>",
            ForwardTo = "target",
            ForwardDeadLetteredMessagesTo = "target",
            Status = EntityStatus.ReceiveDisabled,
        };
        Check(await Client.CreateQueueAsync(options));
        Check(await Client.GetQueueAsync("made/as-told"));
        await fixture.RestartAsync();
        Check(await Client.GetQueueAsync("MADE/as-told"));

        void Check(QueueProperties queue)
        {
            Assert.Equal("made/as-told", queue.Name);
            Assert.Equal(TimeSpan.FromSeconds(17), queue.LockDuration);
            Assert.Equal((4, 2048, 64), (queue.MaxDeliveryCount, queue.MaxSizeInMegabytes, queue.MaxMessageSizeInKilobytes));
            Assert.Equal(TimeSpan.FromHours(7), queue.DefaultMessageTimeToLive);
            Assert.Equal(TimeSpan.FromMinutes(3), queue.DuplicateDetectionHistoryTimeWindow);
            Assert.Equal(TimeSpan.FromHours(9), queue.AutoDeleteOnIdle);
            Assert.Equal(
                (true, true, false, false),
                (queue.DeadLetteringOnMessageExpiration, queue.RequiresDuplicateDetection, queue.RequiresSession, queue.EnableBatchedOperations));
            Assert.Equal("made by a test: <&>", queue.UserMetadata);
            Assert.Equal("/target", new Uri(queue.ForwardTo).AbsolutePath);
            Assert.Equal("/target", new Uri(queue.ForwardDeadLetteredMessagesTo).AbsolutePath);
            Assert.Equal(EntityStatus.ReceiveDisabled, queue.Status);
        }
    }

    [Fact]
    public async Task AQueueWithDefaults_HasThoseOfAzure()
    {
        QueueProperties queue = await Client.CreateQueueAsync("plain");
        Assert.Equal(new CreateQueueOptions("plain"), new CreateQueueOptions(queue));
    }

    [Fact]
    public async Task AnUpdate_ChangesWhatMayChange_AndCountsAtOnce()
    {
        QueueProperties queue = await Client.CreateQueueAsync(new CreateQueueOptions("updated") { ForwardTo = "declared" });
        queue.MaxDeliveryCount = 1;
        queue.ForwardTo = null;
        queue.Status = EntityStatus.SendDisabled;
        QueueProperties updated = await Client.UpdateQueueAsync(queue);
        Assert.Equal((1, null, EntityStatus.SendDisabled), (updated.MaxDeliveryCount, updated.ForwardTo, updated.Status));
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await FailsAsync(ServiceBusFailureReason.MessagingEntityDisabled, () => client.CreateSender("updated").SendMessageAsync(new("a")));
    }

    [Fact]
    public async Task ATopicAndItsSubscription_AreWhatTheyWereMadeAs_AlsoAfterARestart()
    {
        await Client.CreateTopicAsync(new CreateTopicOptions("news")
        {
            DefaultMessageTimeToLive = TimeSpan.FromDays(2),
            RequiresDuplicateDetection = true,
            DuplicateDetectionHistoryTimeWindow = TimeSpan.FromMinutes(4),
            MaxSizeInMegabytes = 3072,
            UserMetadata = "of a test",
        });
        await Client.CreateSubscriptionAsync(new CreateSubscriptionOptions("news", "some")
        {
            LockDuration = TimeSpan.FromSeconds(19),
            RequiresSession = true,
            MaxDeliveryCount = 3,
            DefaultMessageTimeToLive = TimeSpan.FromHours(3),
            DeadLetteringOnMessageExpiration = true,
            EnableDeadLetteringOnFilterEvaluationExceptions = false,
            AutoDeleteOnIdle = TimeSpan.FromDays(1),
            ForwardDeadLetteredMessagesTo = "declared",
            UserMetadata = "of it too",
        });
        await fixture.RestartAsync();

        TopicProperties topic = await Client.GetTopicAsync("news");
        Assert.Equal(TimeSpan.FromDays(2), topic.DefaultMessageTimeToLive);
        Assert.Equal(TimeSpan.FromMinutes(4), topic.DuplicateDetectionHistoryTimeWindow);
        Assert.Equal(
            (3072, true, "of a test", EntityStatus.Active),
            (topic.MaxSizeInMegabytes, topic.RequiresDuplicateDetection, topic.UserMetadata, topic.Status));
        SubscriptionProperties subscription = await Client.GetSubscriptionAsync("news", "some");
        Assert.Equal(("news", "some"), (subscription.TopicName, subscription.SubscriptionName));
        Assert.Equal(
            (TimeSpan.FromSeconds(19), TimeSpan.FromHours(3), TimeSpan.FromDays(1)),
            (subscription.LockDuration, subscription.DefaultMessageTimeToLive, subscription.AutoDeleteOnIdle));
        Assert.Equal((true, 3), (subscription.RequiresSession, subscription.MaxDeliveryCount));
        Assert.True(subscription.DeadLetteringOnMessageExpiration);
        Assert.False(subscription.EnableDeadLetteringOnFilterEvaluationExceptions);
        Assert.Equal("/declared", new Uri(subscription.ForwardDeadLetteredMessagesTo).AbsolutePath);
        Assert.Equal("of it too", subscription.UserMetadata);

        topic.UserMetadata = "changed";
        subscription.MaxDeliveryCount = 9;
        Assert.Equal("changed", (await Client.UpdateTopicAsync(topic)).Value.UserMetadata);
        Assert.Equal(9, (await Client.UpdateSubscriptionAsync(subscription)).Value.MaxDeliveryCount);
    }

    [Fact]
    public async Task WhatExists_IsSaid_AndCannotBeMadeTwice()
    {
        await Client.CreateTopicAsync("once");
        await Client.CreateSubscriptionAsync("once", "s");
        Assert.True(await Client.QueueExistsAsync("declared"));
        Assert.True(await Client.TopicExistsAsync("once"));
        Assert.True(await Client.SubscriptionExistsAsync("once", "s"));
        Assert.True(await Client.RuleExistsAsync("once", "s", "$Default"));
        Assert.False(await Client.QueueExistsAsync("none"));
        Assert.False(await Client.TopicExistsAsync("none"));
        Assert.False(await Client.SubscriptionExistsAsync("once", "none"));
        Assert.False(await Client.RuleExistsAsync("once", "s", "none"));
        await FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateQueueAsync("declared"));
        await FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateTopicAsync("once"));
        await FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateSubscriptionAsync("once", "s"));
        string message = await FailsAsync(
            ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateRuleAsync("once", "s", new CreateRuleOptions("$Default")));
        Assert.Contains("'once/Subscriptions/s' has a rule named '$Default' already", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotThere_IsNotFound()
    {
        await Client.CreateTopicAsync("alone");
        var absent = new Func<Task>[]
        {
            () => Client.GetQueueAsync("none"),
            () => Client.GetQueueAsync("alone"),
            () => Client.GetTopicAsync("declared"),
            () => Client.DeleteQueueAsync("none"),
            () => Client.GetSubscriptionAsync("alone", "none"),
            () => Client.CreateSubscriptionAsync("none", "s"),
            () => Client.GetRuleAsync("alone", "none", "r"),
            () => Client.GetQueueRuntimePropertiesAsync("none"),
            () => Client.GetSubscriptionsAsync("none").GetAsyncEnumerator().MoveNextAsync().AsTask(),
        };
        foreach (Func<Task> call in absent)
            await FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, call);
    }

    [Theory]
    [InlineData("partitions", "EnablePartitioning is 'true'")]
    [InlineData("nowhere", "ForwardTo is 'nowhere', but there is no such queue or topic")]
    [InlineData("large", "this broker takes 256")]
    [InlineData("keys", "this broker has one key")]
    [InlineData("sessions", "ForwardTo cannot be set where RequiresSession is")]
    public async Task WhatThisBrokerCannotDo_IsABadRequest_AndNamed(string what, string named)
    {
        var options = new CreateQueueOptions("refused");
        if (what == "partitions") options.EnablePartitioning = true;
        if (what == "nowhere") options.ForwardTo = "nowhere";
        if (what == "large") options.MaxMessageSizeInKilobytes = 1024;
        if (what == "keys") options.AuthorizationRules.Add(new SharedAccessAuthorizationRule("mine", [AccessRights.Listen]));
        if (what == "sessions") (options.ForwardTo, options.RequiresSession) = ("declared", true);
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => Client.CreateQueueAsync(options));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.False(await Client.QueueExistsAsync("refused"));
    }

    [Fact]
    public async Task ADeletedQueue_IsGone_AndItsClientsAreTold()
    {
        await Client.CreateQueueAsync("short-lived");
        await using var client = new ServiceBusClient(
            fixture.Server.ConnectionString, new ServiceBusClientOptions { RetryOptions = { MaxRetries = 0 } });
        ServiceBusSender sender = client.CreateSender("short-lived");
        ServiceBusReceiver receiver = client.CreateReceiver("short-lived");
        await sender.SendMessageAsync(new("a"));
        await receiver.CompleteMessageAsync(await receiver.ReceiveMessageAsync());
        Task waiting = WaitAsync();
        await Client.DeleteQueueAsync("short-lived");
        await FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => sender.SendMessageAsync(new("b")));
        await FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => waiting);
        await fixture.RestartAsync();
        Assert.False(await Client.QueueExistsAsync("short-lived"));

        async Task WaitAsync()
        {
            while (true) Assert.Null(await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5)));
        }
    }
}
