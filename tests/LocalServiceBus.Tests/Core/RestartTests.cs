using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Core.Filters;
using HrNetBatch.LocalServiceBus.Protocol.Messages;
using HrNetBatch.LocalServiceBus.Storage;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace HrNetBatch.LocalServiceBus.Tests.Core;

/// <summary>Whatever is done with entities and messages: after a restart everything is as it was.</summary>
public sealed class RestartTests : IDisposable
{
    private const int Steps = 400;
    private static readonly string[] Queues = ["a", "b", "c"], Topics = ["t", "u"];
    private static readonly string[] Subscriptions = ["t/Subscriptions/s", "u/Subscriptions/s"];

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _clock = new();
    private int _sentCount;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Everything_IsAsItWas_AfterARestart(int seed)
    {
        var random = new Random(seed);
        int doneCount = 0;
        MessageBroker broker = Start();
        for (int step = 0; step < Steps; step++)
        {
            try
            {
                await StepAsync(broker, random);
                doneCount++;
            }
            catch (BrokerException)
            {
                // Some steps make no sense where they come: what exists is made again, what is gone is deleted.
            }
            _clock.Advance(TimeSpan.FromSeconds(random.Next(20)));
            if (random.Next(20) > 0) continue;
            string before = await DescribeAsync(broker);
            await broker.DisposeAsync();
            broker = Start();
            Assert.Equal(before, await DescribeAsync(broker));
        }
        await broker.DisposeAsync();
        Assert.True(doneCount > Steps / 4, $"{doneCount} of {Steps} steps did something");
    }

    public void Dispose() => _folder.Dispose();

    private MessageBroker Start() => new(
        new BrokerDefinition(),
        SqliteStore.Open(_folder.Path, exception => throw new InvalidOperationException("The store failed.", exception)),
        MessageRewriter.Content,
        _clock);

    private async Task StepAsync(MessageBroker broker, Random random)
    {
        string queue = Pick(Queues), topic = Pick(Topics), subscription = Pick(Subscriptions);
        switch (random.Next(12))
        {
            case 0:
                await broker.CreateAsync(queue, EntityKind.Queue, Options());
                break;
            case 1:
                await broker.CreateAsync(topic, EntityKind.Topic, new EntityOptions());
                break;
            case 2 or 3:
                await broker.CreateAsync(subscription, EntityKind.Subscription, Options() with { DuplicateWindow = null });
                break;
            case 4:
                await broker.DeleteAsync(random.Next(3) == 0 ? Pick([queue, topic, subscription]) : "none");
                break;
            case 5:
                EntityOptions old = broker.Find(queue).Options;
                await broker.UpdateAsync(queue, EntityKind.Queue, Options() with { DuplicateWindow = old.DuplicateWindow });
                break;
            case 6:
                string name = $"r{random.Next(3)}";
                SqlAction? action = random.Next(2) == 0 ? SqlAction.Parse("SET note = 'x'") : null;
                if (random.Next(3) == 0) await broker.Find(subscription).RemoveRuleAsync(name);
                else await broker.Find(subscription).AddRuleAsync(new Rule(name, SqlFilter.Parse("1 = 1"), action));
                break;
            case 7 or 8 or 9:
                DateTimeOffset? at = random.Next(4) == 0 ? _clock.GetUtcNow().AddSeconds(random.Next(60)) : null;
                var message = new IncomingMessage([0, 0x53, 0x75, 0xa0, 1, 1], $"m{_sentCount++ % 50}") { ScheduledFor = at };
                await broker.Find(Pick([queue, topic])).SendAsync([message]);
                break;
            default:
                await ReceiveAsync(broker.Find(Pick([queue, subscription])), random);
                break;
        }

        string Pick(string[] names) => names[random.Next(names.Length)];

        EntityOptions Options() => new()
        {
            MaxDeliveryCount = random.Next(1, 3),
            DefaultTimeToLive = random.Next(3) == 0 ? TimeSpan.FromMinutes(1) : null,
            DeadLetterExpired = random.Next(2) == 0,
            DuplicateWindow = random.Next(3) == 0 ? TimeSpan.FromMinutes(1) : null,
            ForwardTo = random.Next(4) == 0 ? Pick([.. Queues, .. Topics]) : null,
            ForwardDeadLettersTo = random.Next(4) == 0 ? Pick(Queues) : null,
            UserMetadata = $"{random.Next()}",
        };
    }

    private static async Task ReceiveAsync(Entity entity, Random random)
    {
        List<Message> received = [];
        Receiver receiver = entity.Attach(ReceiveMode.PeekLock, null, handover => received.AddRange(handover.Messages));
        await entity.SetLimitAsync(receiver, 2, drain: true);
        await entity.DetachAsync(receiver);
        foreach (Guid token in received.Select(message => message.Lock!.Token))
        {
            await (random.Next(5) switch
            {
                0 => entity.AbandonAsync(token),
                1 => entity.DeferAsync(token),
                2 => entity.DeadLetterAsync(token, "reason", null),
                3 => Task.CompletedTask,
                _ => entity.CompleteAsync(token),
            });
        }
    }

    private static async Task<string> DescribeAsync(MessageBroker broker)
    {
        var lines = new List<string>();
        foreach (Entity entity in broker.Entities.OrderBy(entity => entity.Name, StringComparer.Ordinal))
        {
            EntitySnapshot snapshot = broker.Describe(entity.Name)!;
            string description = entity.Kind == EntityKind.DeadLetterQueue ? "" : DescriptionEncoding.Encode(snapshot.Description);
            lines.Add($"{snapshot.Name} {description} {snapshot.Counts}");
            lines.AddRange((await entity.PeekAsync(0, 1000)).Select(message =>
                $"{message with { Content = [], ChangedProperties = Message.NoProperties }} {string.Join(',', message.ChangedProperties)}"));
        }
        return string.Join('\n', lines).Replace("System.Byte[]", "", StringComparison.Ordinal);
    }
}
