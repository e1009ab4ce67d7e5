using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Intake;
using HrNetBatch.Worker.TestHost;
using HrNetBatch.Worker.Waking;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using BrokerOptions = HrNetBatch.LocalServiceBus.Hosting.ServiceBusOptions;

namespace HrNetBatch.Worker.Tests.Intake;

/// <summary>A broker in this process, a ledger, and the intake of a worker between them.</summary>
internal sealed class IntakeStack : IAsyncDisposable
{
    public const string Queue = "hrnet-jobs";
    public const string DeadLetterQueue = Queue + "/$deadletterqueue";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder;
    private readonly TimeProvider _time;
    private readonly ServiceProvider _services;
    private readonly BrokerOptions _options;
    private ServiceBusServer _broker;

    private IntakeStack(TemporaryFolder folder, BrokerOptions options, ServiceBusServer broker, TimeProvider time, string ledger, string queue, JobKinds kinds)
    {
        (_folder, _options, _broker, _time) = (folder, options with { Port = broker.Port }, broker, time);
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["HrNetBatch:Ledger:ConnectionString"] = ledger,
            ["HrNetBatch:ServiceBus:ConnectionString"] = broker.ConnectionString,
            ["HrNetBatch:ServiceBus:Queue"] = queue,
            ["HrNetBatch:Worker:Intake:LongestPause"] = "00:00:00.5",
        }).Build();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log)).AddHrNetJobs(configuration, kinds);
        services.AddOptions<IntakeOptions>().BindConfiguration(IntakeOptions.Section);
        _services = services.AddSingleton<WakeSignal>().AddSingleton<MessageTaker>().AddSingleton<JobIntake>().BuildServiceProvider();
    }

    public RecordedLog Log { get; } = new();

    public JobIntake Intake => _services.GetRequiredService<JobIntake>();

    public JobStore Jobs => _services.GetRequiredService<JobStore>();

    public LeaseStore Leases => _services.GetRequiredService<LeaseStore>();

    /// <summary>What clients of the broker connect with.</summary>
    public string ConnectionString => _broker.ConnectionString;

    public MessageBus Client => _services.GetRequiredService<MessageBus>();

    /// <summary>The broker's queue, for a look from inside.</summary>
    public Entity Inside => _broker.Broker.Find(Queue);

    /// <summary>Its dead letters, likewise.</summary>
    public Entity InsideDead => _broker.Broker.Find(DeadLetterQueue);

    public static async Task<IntakeStack> StartAsync(string ledger, TimeProvider? brokersTime = null, string queue = Queue, JobKinds? kinds = null)
    {
        TimeProvider time = brokersTime ?? TimeProvider.System;
        var folder = new TemporaryFolder();
        var options = new BrokerOptions
        {
            Entities = new BrokerDefinition { Queues = [new QueueDefinition(Queue, new EntityOptions { LockDuration = TimeSpan.FromSeconds(5) })] },
            Folder = folder.Path,
            Port = 0,
            MaxMessageBytes = 4 << 20,
        };
        var stack = new IntakeStack(folder, options, await ServiceBusServer.StartAsync(options, time: time), time, ledger, queue, kinds ?? new JobKinds(JobKind.Of<BehaveArguments>()));
        await stack._services.GetRequiredService<LedgerMigrator>().MigrateAsync(Stop);
        return stack;
    }

    public Task StartIntakeAsync() => Intake.StartAsync(Stop);

    public Task StopIntakeAsync() => Intake.StopAsync(Stop);

    public async Task RestartBrokerAsync()
    {
        await _broker.DisposeAsync();
        _broker = await ServiceBusServer.StartAsync(_options, time: _time);
    }

    /// <summary>Sends requests as a client does, and returns them.</summary>
    public async Task<IReadOnlyList<JobRequest>> SendAsync(int count)
    {
        JobRequest[] requests = [.. Enumerable.Range(0, count).Select(_ => LedgerOfTest.Request(Behaviour.Succeed))];
        await Client.SendAsync(Queue, [.. requests.Select(JobMessage.Of)], Stop);
        return requests;
    }

    /// <summary>Waits until every request is a job and the queue is empty, and looks for more jobs than that.</summary>
    public async Task TakenInAsync(IEnumerable<JobRequest> requests)
    {
        HashSet<Guid> expected = [.. requests.Select(request => request.Id)];
        await Eventually.TrueAsync(
            async () => (await Jobs.ListAsync(limit: 10_000, cancellation: Stop)).Select(job => job.Id).ToHashSet().SetEquals(expected), $"{expected.Count} jobs are in the ledger", Deadline);
        await Eventually.TrueAsync(async () => (await Inside.PeekAsync(0, 1)).Count == 0, "the queue is empty", Deadline);
    }

    public async Task<ServiceBusReceivedMessage> DeadLetterAsync() => (await Eventually.GetAsync(
        async () => await Client.PeekAsync(DeadLetterQueue, 0, 10, Stop) is { Messages: { Count: > 0 } dead } ? dead : null, "there is a dead letter", Deadline))[^1];

    public async ValueTask DisposeAsync()
    {
        await StopIntakeAsync();
        await _services.DisposeAsync();
        await _broker.DisposeAsync();
        _folder.Dispose();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
