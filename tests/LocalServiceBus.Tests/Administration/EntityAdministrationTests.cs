using Azure.Messaging.ServiceBus;
using Azure.Messaging.ServiceBus.Administration;

namespace HrNetBatch.LocalServiceBus.Tests.Administration;

public sealed class EntityAdministrationTests(AdministrationFixture fixture) : IClassFixture<AdministrationFixture>
{
    private ServiceBusAdministrationClient Client => fixture.Client;

    [Fact]
    public async Task AQueue_IsWhatItWasMadeAs_AlsoAfterARestart()
    {
        await Client.CreateQueueAsync("target", TestContext.Current.CancellationToken);
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
        Check(await Client.CreateQueueAsync(options, TestContext.Current.CancellationToken));
        Check(await Client.GetQueueAsync("made/as-told", TestContext.Current.CancellationToken));
        await fixture.RestartAsync();
        Check(await Client.GetQueueAsync("MADE/as-told", TestContext.Current.CancellationToken));

        void Check(QueueProperties queue)
        {
            Assert.Equal("made/as-told", queue.Name);
            Assert.Equal(TimeSpan.FromSeconds(17), queue.LockDuration);
            Assert.Equal((4, 2048, 64), (queue.MaxDeliveryCount, queue.MaxSizeInMegabytes, queue.MaxMessageSizeInKilobytes));
            Assert.Equal(TimeSpan.FromHours(7), queue.DefaultMessageTimeToLive);
            Assert.Equal(TimeSpan.FromMinutes(3), queue.DuplicateDetectionHistoryTimeWindow);
            Assert.Equal(TimeSpan.FromHours(9), queue.AutoDeleteOnIdle);
            Assert.Equal((true, true, false, false), (queue.DeadLetteringOnMessageExpiration, queue.RequiresDuplicateDetection, queue.RequiresSession, queue.EnableBatchedOperations));
            Assert.Equal("made by a test: <&>", queue.UserMetadata);
            Assert.Equal(("/target", "/target"), (new Uri(queue.ForwardTo).AbsolutePath, new Uri(queue.ForwardDeadLetteredMessagesTo).AbsolutePath));
            Assert.Equal(EntityStatus.ReceiveDisabled, queue.Status);
        }
    }

    [Fact]
    public async Task AQueueWithDefaults_HasThoseOfAzure()
    {
        QueueProperties queue = await Client.CreateQueueAsync("plain", TestContext.Current.CancellationToken);
        Assert.Equal(new CreateQueueOptions("plain"), new CreateQueueOptions(queue));
    }

    [Fact]
    public async Task AnUpdate_ChangesWhatMayChange_AndCountsAtOnce()
    {
        QueueProperties queue = await Client.CreateQueueAsync(new CreateQueueOptions("updated") { ForwardTo = "declared" }, TestContext.Current.CancellationToken);
        queue.MaxDeliveryCount = 1;
        queue.ForwardTo = null;
        queue.Status = EntityStatus.SendDisabled;
        QueueProperties updated = await Client.UpdateQueueAsync(queue, TestContext.Current.CancellationToken);
        Assert.Equal((1, null, EntityStatus.SendDisabled), (updated.MaxDeliveryCount, updated.ForwardTo, updated.Status));
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString);
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityDisabled, () => client.CreateSender("updated").SendMessageAsync(new("a")));
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
        }, TestContext.Current.CancellationToken);
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
        }, TestContext.Current.CancellationToken);
        await fixture.RestartAsync();

        TopicProperties topic = await Client.GetTopicAsync("news", TestContext.Current.CancellationToken);
        Assert.Equal((TimeSpan.FromDays(2), TimeSpan.FromMinutes(4)), (topic.DefaultMessageTimeToLive, topic.DuplicateDetectionHistoryTimeWindow));
        Assert.Equal((3072, true, "of a test", EntityStatus.Active), (topic.MaxSizeInMegabytes, topic.RequiresDuplicateDetection, topic.UserMetadata, topic.Status));
        SubscriptionProperties subscription = await Client.GetSubscriptionAsync("news", "some", TestContext.Current.CancellationToken);
        Assert.Equal(("news", "some"), (subscription.TopicName, subscription.SubscriptionName));
        Assert.Equal((TimeSpan.FromSeconds(19), TimeSpan.FromHours(3), TimeSpan.FromDays(1)), (subscription.LockDuration, subscription.DefaultMessageTimeToLive, subscription.AutoDeleteOnIdle));
        Assert.Equal((true, 3, true, false), (subscription.RequiresSession, subscription.MaxDeliveryCount, subscription.DeadLetteringOnMessageExpiration, subscription.EnableDeadLetteringOnFilterEvaluationExceptions));
        Assert.Equal(("/declared", "of it too"), (new Uri(subscription.ForwardDeadLetteredMessagesTo).AbsolutePath, subscription.UserMetadata));

        topic.UserMetadata = "changed";
        subscription.MaxDeliveryCount = 9;
        Assert.Equal("changed", (await Client.UpdateTopicAsync(topic, TestContext.Current.CancellationToken)).Value.UserMetadata);
        Assert.Equal(9, (await Client.UpdateSubscriptionAsync(subscription, TestContext.Current.CancellationToken)).Value.MaxDeliveryCount);
    }

    [Fact]
    public async Task WhatExists_IsSaid_AndCannotBeMadeTwice()
    {
        await Client.CreateTopicAsync("once", TestContext.Current.CancellationToken);
        await Client.CreateSubscriptionAsync("once", "s", TestContext.Current.CancellationToken);
        Assert.Equal((true, true, true), (await Client.QueueExistsAsync("declared", TestContext.Current.CancellationToken), await Client.TopicExistsAsync("once", TestContext.Current.CancellationToken), await Client.SubscriptionExistsAsync("once", "s", TestContext.Current.CancellationToken)));
        Assert.Equal((false, false, false), (await Client.QueueExistsAsync("none", TestContext.Current.CancellationToken), await Client.TopicExistsAsync("none", TestContext.Current.CancellationToken), await Client.SubscriptionExistsAsync("once", "none", TestContext.Current.CancellationToken)));
        Assert.Equal((true, false), (await Client.RuleExistsAsync("once", "s", "$Default", TestContext.Current.CancellationToken), await Client.RuleExistsAsync("once", "s", "none", TestContext.Current.CancellationToken)));
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateQueueAsync("declared"));
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateTopicAsync("once"));
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateSubscriptionAsync("once", "s"));
        string message = await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityAlreadyExists, () => Client.CreateRuleAsync("once", "s", new CreateRuleOptions("$Default")));
        Assert.Contains("'once/Subscriptions/s' has a rule named '$Default' already", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsNotThere_IsNotFound()
    {
        await Client.CreateTopicAsync("alone", TestContext.Current.CancellationToken);
        var absent = new Func<Task>[]
        {
            () => Client.GetQueueAsync("none"), () => Client.GetQueueAsync("alone"), () => Client.GetTopicAsync("declared"), () => Client.DeleteQueueAsync("none"),
            () => Client.GetSubscriptionAsync("alone", "none"), () => Client.CreateSubscriptionAsync("none", "s"), () => Client.GetRuleAsync("alone", "none", "r"),
            () => Client.GetQueueRuntimePropertiesAsync("none"), () => Client.GetSubscriptionsAsync("none").GetAsyncEnumerator().MoveNextAsync().AsTask(),
        };
        foreach (Func<Task> call in absent)
            await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, call);
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
        ArgumentException refused = await Assert.ThrowsAsync<ArgumentException>(() => Client.CreateQueueAsync(options, TestContext.Current.CancellationToken));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.False(await Client.QueueExistsAsync("refused", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ADeletedQueue_IsGone_AndItsClientsAreTold()
    {
        await Client.CreateQueueAsync("short-lived", TestContext.Current.CancellationToken);
        await using var client = new ServiceBusClient(fixture.Server.ConnectionString, new ServiceBusClientOptions { RetryOptions = { MaxRetries = 0 } });
        ServiceBusSender sender = client.CreateSender("short-lived");
        ServiceBusReceiver receiver = client.CreateReceiver("short-lived");
        await sender.SendMessageAsync(new("a"), TestContext.Current.CancellationToken);
        await receiver.CompleteMessageAsync(await receiver.ReceiveMessageAsync(cancellationToken: TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Task waiting = WaitAsync();
        await Client.DeleteQueueAsync("short-lived", TestContext.Current.CancellationToken);
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => sender.SendMessageAsync(new("b")));
        await AdministrationFixture.FailsAsync(ServiceBusFailureReason.MessagingEntityNotFound, () => waiting);
        await fixture.RestartAsync();
        Assert.False(await Client.QueueExistsAsync("short-lived", TestContext.Current.CancellationToken));

        async Task WaitAsync()
        {
            while (true) Assert.Null(await receiver.ReceiveMessageAsync(TimeSpan.FromSeconds(5)));
        }
    }
}
