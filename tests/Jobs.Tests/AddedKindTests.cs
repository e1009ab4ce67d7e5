using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.Tests.Ledger;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace HrNetBatch.Jobs.Tests;

/// <summary>A fifth kind is a folder and a line: messages, schema, ledger, execution and followers take it from the table.</summary>
public sealed class AddedKindTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly JobKinds Kinds = new([.. KindTable.Default.All, HandledKind.Of<EchoArguments, EchoHandler>()]);

    private readonly LedgerDatabase _ledger = new(postgres);
    private ServiceProvider _services = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _ledger.InitializeAsync();
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("HrNetBatch:Ledger:ConnectionString", (string?)_ledger.Options.ConnectionString)])
            .Build();
        _services = new ServiceCollection().AddLogging().AddHrNetJobs(configuration, Kinds)
            .BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    [Fact]
    public async Task AJob_GoesFromItsMessageToItsResult_AndSoDoesItsFollower()
    {
        const string Body = """{"schemaVersion": 1, "arguments": {"text": "ho"}, "then": [{"kind": "echo", "arguments": {"text": "{{result.said}}!", "times": 1}}]}""";
        var message = new ServiceBusMessage(Encoding.UTF8.GetBytes(Body)) { MessageId = "an echo", Subject = EchoArguments.Kind, ContentType = JobMessage.ContentType };
        JobRequest request = Assert.IsType<JobMessageReading.Accepted>(new JobMessageReader(Kinds).Read(message)).Request;
        JobStore jobs = _services.GetRequiredService<JobStore>();

        Assert.True(await jobs.EnqueueAsync(request, Cancelled));
        Assert.Equal(JobState.Succeeded, await RunAsync(request.Id));
        Assert.Equal(JobState.Succeeded, await RunAsync(request.Then[0].Id));

        Assert.Equal(2, (await jobs.FindAsync(request.Id, Cancelled))!.Arguments.GetProperty("times").GetInt32()); // the default, written out
        Assert.Equal("ho ho", (await jobs.FindAsync(request.Id, Cancelled))!.Result!.Value.GetProperty("said").GetString());
        Assert.Equal("ho ho!", (await jobs.FindAsync(request.Then[0].Id, Cancelled))!.Result!.Value.GetProperty("said").GetString());
    }

    [Fact]
    public void ItsSchema_IsMadeFromItsArguments()
    {
        JsonObject fields = JobSchemas.Of(Kinds.Get(EchoArguments.Kind))["properties"]!["arguments"]!["properties"]!.AsObject();

        Assert.Equal(["text", "times"], fields.Select(field => field.Key));
        Assert.Equal((1.0, 9.0, 2), ((double)fields["times"]!["minimum"]!, (double)fields["times"]!["maximum"]!, (int)fields["times"]!["default"]!));
    }

    [Fact]
    public void AWrongField_IsRefusedAsOfAnyKind()
    {
        var refused = Assert.Throws<JobArgumentsException>(() => Kinds.Parse("echo", JsonSerializer.Deserialize<JsonElement>("""{"text": "ho", "times": 10}""")));

        Assert.Equal(["times: a value from 1 to 9 is needed, this is 10"], refused.Faults);
        Assert.Contains("classify, echo, export, train, validate", Assert.Throws<JobArgumentsException>(() => Kinds.Get("ehco")).Message, StringComparison.Ordinal);
    }

    // As the process of an attempt does it.
    private async Task<JobState> RunAsync(Guid job)
    {
        LeaseStore leases = _services.GetRequiredService<LeaseStore>();
        Lease lease = await leases.ClaimAsync(job, "worker", "cpu", Cancelled) ?? throw new InvalidOperationException($"job {job} cannot be claimed");
        using var stop = new AttemptStop();
        var start = new AttemptStart(lease, (await _services.GetRequiredService<JobStore>().FindAsync(job, Cancelled))!.Arguments, "cpu", 1);
        var attempt = new AttemptContext(
            start, stop, Kinds, _services.GetRequiredService<ProgressStore>(), _services.GetRequiredService<MetricStore>(), NullLogger.Instance);
        Outcome outcome = await AttemptRunner.RunAsync(_services.GetRequiredKeyedService<IJobHandler>(lease.Kind), attempt, stop);
        return await leases.EndAsync(lease, outcome, Cancelled);
    }
}
