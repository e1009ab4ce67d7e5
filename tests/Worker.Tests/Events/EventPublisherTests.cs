using System.Text.Json;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Events;
using HrNetBatch.Worker.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using BrokerOptions = HrNetBatch.LocalServiceBus.Hosting.ServiceBusOptions;

namespace HrNetBatch.Worker.Tests.Events;

public sealed class EventPublisherTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Queue = "hrnet-events";

    private readonly TemporaryFolder _folder = new();
    private BrokerOptions _brokerOptions = null!;
    private ServiceBusServer? _broker;
    private LedgerOfTest _ledger = null!;
    private ServiceProvider _services = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _brokerOptions = new BrokerOptions
        {
            Entities = new BrokerDefinition { Queues = [new QueueDefinition(Queue, new EntityOptions())] },
            Folder = _folder.Path,
            Port = 0,
        };
        await StartBrokerAsync();
        _ledger = await LedgerOfTest.CreateAsync(postgres);
        _services = Services(new()
        {
            ["HrNetBatch:ServiceBus:ConnectionString"] = _broker!.ConnectionString,
            ["HrNetBatch:Events:ProgressInterval"] = "00:00:00",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _ledger.DisposeAsync();
        if (_broker is not null)
            await _broker.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task WhatHappensToAJob_ArrivesInItsOrder_AndLeavesTheOutbox()
    {
        await using EventPublisherHost publisher = await EventPublisherHost.StartAsync(_services);
        Guid job = await SucceedAsync("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        List<(ServiceBusReceivedMessage Message, JobEventBody Body)> events = await ReceiveAsync(3);

        Assert.Equal(["job.started", "job.progressed", "job.succeeded"], events.Select(found => found.Message.Subject));
        Assert.Equal(events.Select(found => found.Body.Sequence).Order(), events.Select(found => found.Body.Sequence));
        Assert.All(events, found =>
        {
            Assert.Equal((job.ToString(), found.Body.Id.ToString(), "application/json"), (found.Message.CorrelationId, found.Message.MessageId, found.Message.ContentType));
            Assert.Equal(("behave", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), (found.Message.ApplicationProperties["kind"], found.Message.ApplicationProperties["traceparent"]));
        });
        Assert.Equal((JobState.Succeeded, 3L, 5), (events[2].Body.State, events[2].Body.DoneCount, events[2].Body.Result!.Value.GetProperty("answer").GetInt32()));
        await Eventually.TrueAsync(async () => await WaitingAsync() == 0, "the outbox is empty");
    }

    [Fact]
    public async Task Events_WaitInTheLedger_WhileTheBrokerIsAway()
    {
        await using EventPublisherHost publisher = await EventPublisherHost.StartAsync(_services);
        Guid before = await SucceedAsync();
        await ReceiveAsync(3);
        await Eventually.TrueAsync(async () => await WaitingAsync() == 0, "what has arrived has left the outbox");
        await StopBrokerAsync();
        Guid[] meanwhile = [await SucceedAsync(), await SucceedAsync()];
        Assert.Equal(6, await WaitingAsync());

        await StartBrokerAsync();

        List<(ServiceBusReceivedMessage Message, JobEventBody Body)> events = await ReceiveAsync(6);
        Assert.All(meanwhile, job => Assert.Equal(["started", "progressed", "succeeded"], events.Where(found => found.Body.JobId == job).Select(found => found.Body.Event)));
        Assert.DoesNotContain(events, found => found.Body.JobId == before);
    }

    [Fact]
    public async Task WithoutServiceBus_NothingIsWritten()
    {
        await using ServiceProvider services = Services([]);
        await using EventPublisherHost publisher = await EventPublisherHost.StartAsync(services);

        await SucceedAsync();

        Assert.Equal(0, await WaitingAsync());
    }

    private async Task<Guid> SucceedAsync(string? traceParent = null)
    {
        JobRequest request = LedgerOfTest.Request(default) with { TraceParent = traceParent };
        await _ledger.Jobs.EnqueueAsync(request, Cancelled);
        var leases = _services.GetRequiredService<LeaseStore>();
        Lease lease = (await leases.ClaimAsync(request.Id, "worker", "cpu", Cancelled))!;
        await _services.GetRequiredService<ProgressStore>().ReportAsync(lease, 3, 3, "working", Cancelled);
        await leases.EndAsync(lease, Outcome.Success(new { answer = 5 }), Cancelled);
        return request.Id;
    }

    private async Task<List<(ServiceBusReceivedMessage Message, JobEventBody Body)>> ReceiveAsync(int count)
    {
        var bus = _services.GetRequiredService<MessageBus>();
        List<(ServiceBusReceivedMessage, JobEventBody)> events = [];
        HashSet<string> ids = [];
        await Eventually.TrueAsync(
            async () =>
            {
                foreach (ServiceBusReceivedMessage message in await bus.ReceiveAsync(Queue, 10, TimeSpan.FromSeconds(5), Cancelled))
                {
                    await bus.CompleteAsync(Queue, message, Cancelled);
                    if (ids.Add(message.MessageId)) // after an outage an event may come twice
                        events.Add((message, JsonSerializer.Deserialize<JobEventBody>(message.Body, JobJson.Options)!));
                }

                return events.Count >= count;
            },
            $"{count} events have arrived",
            TimeSpan.FromSeconds(90));
        Assert.Equal(count, events.Count);
        return events;
    }

    private async Task<long> WaitingAsync()
    {
        await using Npgsql.NpgsqlCommand count = _services.GetRequiredService<Npgsql.NpgsqlDataSource>().CreateCommand("SELECT count(*) FROM hrnet.outbox");
        return (long)(await count.ExecuteScalarAsync(Cancelled))!;
    }

    private ServiceProvider Services(Dictionary<string, string?> settings)
    {
        settings["HrNetBatch:Ledger:ConnectionString"] = _ledger.ConnectionString;
        settings["HrNetBatch:Events:Interval"] = "00:00:00.100";
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        IServiceCollection services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration, new JobKinds(JobKind.Of<BehaveArguments>()));
        services.AddOptions<EventOptions>().BindConfiguration(EventOptions.Section);
        return services.AddSingleton<EventPublisher>().BuildServiceProvider();
    }

    private async Task StartBrokerAsync()
    {
        _broker = await ServiceBusServer.StartAsync(_brokerOptions);
        _brokerOptions = _brokerOptions with { Port = _broker.Port };
    }

    private async Task StopBrokerAsync()
    {
        await _broker!.DisposeAsync();
        _broker = null;
    }

    /// <summary>A publisher that runs until it is disposed.</summary>
    private sealed class EventPublisherHost(EventPublisher publisher) : IAsyncDisposable
    {
        public static async Task<EventPublisherHost> StartAsync(IServiceProvider services)
        {
            EventPublisher publisher = services.GetRequiredService<EventPublisher>();
            await publisher.StartAsync(Cancelled);
            return new(publisher);
        }

        public async ValueTask DisposeAsync() => await publisher.StopAsync(CancellationToken.None);
    }
}
