using System.Text.Json;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.Kinds;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;
using BrokerOptions = HrNetBatch.LocalServiceBus.Hosting.ServiceBusOptions;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class ViaServiceBusTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Queue = "hrnet-jobs";

    private static readonly string[] Train =
    [
        "train", "--data", "blob://local/shards/t.tar", "--variant", "w18_small_v1", "--class-count", "9", "--output", "blob://local/models/",
        "--then", "validate", "--data", "blob://local/shards/v.tar", "--via", "servicebus",
    ];

    private TestDatabase _database = null!;
    private ServiceBusServer _broker = null!;
    private ServiceProvider _services = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private JobStore Jobs => _services.GetRequiredService<JobStore>();

    private MessageBus Bus => _services.GetRequiredService<MessageBus>();

    public async ValueTask InitializeAsync()
    {
        _broker = await ServiceBusServer.StartAsync(new BrokerOptions { Entities = new BrokerDefinition { Queues = [new QueueDefinition(Queue, new EntityOptions())] }, Port = 0 });
        _database = await postgres.CreateDatabaseAsync();
        _services = StackServices.Create(Settings.ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), setting => setting.Value));
        await _services.GetRequiredService<LedgerMigrator>().MigrateAsync(Cancelled);
    }

    [Fact]
    public async Task Train_IsSentWithItsFollowers_AndNeedsNoLedger()
    {
        CommandResult result = await HrnetProcess.RunAsync([.. Train, "--json"], new Dictionary<string, string> { ["HrNetBatch__ServiceBus__ConnectionString"] = _broker.ConnectionString, ["HRNET_STACK"] = "/nowhere" });

        Assert.Equal((0, ""), (result.ExitCode, result.Error.Trim()));
        using var document = JsonDocument.Parse(result.Output);
        ServiceBusReceivedMessage message = await ReceiveAsync();
        JobRequest request = Assert.IsType<JobMessageReading.Accepted>(new JobMessageReader(KindTable.Default).Read(message)).Request;
        Assert.Equal((document.RootElement.GetProperty("id").GetGuid(), "train", "validate"), (request.Id, request.Kind, Assert.Single(request.Then).Kind));
        Assert.Equal(document.RootElement.GetProperty("then")[0].GetProperty("id").GetGuid(), request.Then[0].Id);
        Assert.Equal("{{result.best}}", request.Then[0].Arguments.GetProperty("checkpoint").GetString());
        Assert.Null(await Jobs.FindAsync(request.Id, Cancelled));
    }

    [Fact]
    public async Task AMistake_IsSaidAtOnce_AndNothingIsSent()
    {
        CommandResult result = await HrnetProcess.RunAsync(["train", "--image-size", "100", .. Train[1..]], Settings);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("--image-size (imageSize):", result.Error, StringComparison.Ordinal);
        Assert.True((await Bus.PeekAsync(Queue, 0, 10, Cancelled)).IsEmpty);
    }

    [Fact]
    public async Task Wait_WatchesTheJobOnceAWorkerHasTakenIt()
    {
        await using HrnetProcess train = HrnetProcess.Start([.. Train, "--wait"], Settings);
        ServiceBusReceivedMessage message = await ReceiveAsync();
        JobRequest request = Assert.IsType<JobMessageReading.Accepted>(new JobMessageReader(KindTable.Default).Read(message)).Request;
        await Eventually.TrueAsync(() => train.Error.Contains("No worker has taken job", StringComparison.Ordinal), "the command says that it waits", TimeSpan.FromSeconds(60));

        await Jobs.EnqueueAsync(request, Cancelled);
        await Jobs.CancelAsync(request.Id, Cancelled);

        CommandResult result = await train.EndAsync();
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Cancelled", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_SaysWhyAWorkerRefusedTheMessage()
    {
        await using HrnetProcess train = HrnetProcess.Start([.. Train, "--wait"], Settings);
        await Bus.DeadLetterAsync(Queue, await ReceiveAsync(), JobMessageRefusal.InvalidFields, "arguments.variant: is too new", Cancelled);

        CommandResult result = await train.EndAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("was refused: arguments.variant: is too new", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_WaitsForAJobThatIsStillAMessage()
    {
        JobRequest request = new() { Kind = "train", Arguments = JsonSerializer.SerializeToElement(new { data = "blob://local/shards/t.tar", variant = "w18", classCount = 9, output = "blob://local/models/" }) };
        await Bus.SendAsync(Queue, [JobMessage.Of(request)], Cancelled);
        await using HrnetProcess watch = HrnetProcess.Start(["watch", $"{request.Id}"], Settings);
        await Eventually.TrueAsync(() => watch.Error.Contains("No worker has taken job", StringComparison.Ordinal), "the command says that it waits", TimeSpan.FromSeconds(60));

        await Jobs.EnqueueAsync(request, Cancelled);
        await Jobs.CancelAsync(request.Id, Cancelled);

        Assert.Equal(1, (await watch.EndAsync()).ExitCode);
        Assert.Contains("Cancelled", watch.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_SaysThatThereIsNeitherJobNorMessage_InsteadOfWaitingForEver()
    {
        CommandResult result = await HrnetProcess.RunAsync(["watch", $"{Guid.NewGuid()}"], Settings);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no message in the queue hrnet-jobs that asks for it", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAServiceBus_ItSaysHowToNameOne()
    {
        CommandResult result = await HrnetProcess.RunAsync(Train, new Dictionary<string, string> { ["HRNET_STACK"] = "/nowhere" });

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("There is no Service Bus to send to.", result.Error, StringComparison.Ordinal);
    }

    private async Task<ServiceBusReceivedMessage> ReceiveAsync() => await Eventually.GetAsync(
        async () => (await Bus.ReceiveAsync(Queue, 1, TimeSpan.FromSeconds(5), Cancelled)).SingleOrDefault(), "a message has arrived", TimeSpan.FromSeconds(60));

    private Dictionary<string, string> Settings => new()
    {
        ["HrNetBatch__Ledger__ConnectionString"] = _database.ConnectionString,
        ["HrNetBatch__ServiceBus__ConnectionString"] = _broker.ConnectionString,
        ["HRNET_STACK"] = "/nowhere",
    };

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _broker.DisposeAsync();
        await _database.DisposeAsync();
    }
}
