using System.Text.Json;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Cli.Stack;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalServiceBus.Hosting;
using HrNetBatch.TestKit;
using Microsoft.Extensions.DependencyInjection;
using BrokerOptions = HrNetBatch.LocalServiceBus.Hosting.ServiceBusOptions;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class DeadLettersCommandTests : IAsyncLifetime
{
    private const string Queue = "hrnet-jobs", Setting = "HrNetBatch:ServiceBus:ConnectionString";

    private readonly TemporaryFolder _noStack = new();
    private ServiceBusServer _broker = null!;
    private ServiceProvider _services = null!;

    private MessageBus Client => _services.GetRequiredService<MessageBus>();

    private Entity Dead => _broker.Broker.Find($"{Queue}/$deadletterqueue");

    public async ValueTask InitializeAsync()
    {
        var options = new BrokerOptions { Entities = new BrokerDefinition { Queues = [new QueueDefinition(Queue, new EntityOptions { DuplicateWindow = TimeSpan.FromMinutes(10) })] }, Port = 0 };
        _broker = await ServiceBusServer.StartAsync(options);
        _services = StackServices.Create(new Dictionary<string, string> { [Setting] = _broker.ConnectionString });
        string[] ids = ["first", "second", "third"];
        await Client.SendAsync(Queue, [.. ids.Select(id => new ServiceBusMessage("""{"arguments":1}""") { MessageId = id, Subject = "train" })], Stop);
        List<ServiceBusReceivedMessage> received = [];
        while (received.Count < ids.Length) received.AddRange(await Client.ReceiveAsync(Queue, ids.Length, TimeSpan.FromSeconds(30), Stop));
        foreach (ServiceBusReceivedMessage message in received.OrderBy(message => message.SequenceNumber))
            await Client.DeadLetterAsync(Queue, message, "InvalidFields", "arguments: an object is needed", Stop);
    }

    [Fact]
    public async Task List_NamesEachWithWhatIsWrong()
    {
        CommandResult people = await HrnetAsync("list");
        CommandResult programs = await HrnetAsync("list", "--json");

        Assert.Equal(0, people.ExitCode);
        Assert.Contains("arguments: an object is needed", people.Output, StringComparison.Ordinal);
        JsonElement[] listed = [.. JsonSerializer.Deserialize<JsonElement>(programs.Output).EnumerateArray()];
        Assert.Equal(["first", "second", "third"], listed.Select(letter => letter.GetProperty("messageId").GetString()));
        Assert.All(listed, letter => Assert.Equal("InvalidFields", letter.GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task Show_HasTheBody_AndSaysWhenThereIsNoSuchMessage()
    {
        CommandResult shown = await HrnetAsync("show", "second");
        CommandResult missing = await HrnetAsync("show", "fourth");

        Assert.Contains("""{"arguments":1}""", shown.Output, StringComparison.Ordinal);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("\"fourth\"", missing.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_SendsThatMessageAgain_ThoughTheQueueDropsDuplicates_AndLeavesTheOthersFree()
    {
        Assert.Equal(0, (await HrnetAsync("replay", "second")).ExitCode);

        ServiceBusReceivedMessage again = Assert.Single(await Client.ReceiveAsync(Queue, 10, TimeSpan.FromSeconds(30), Stop));
        Assert.Equal(("second", "train", null), (JobMessage.IdOf(again), again.Subject, again.DeadLetterReason));
        IReadOnlyList<Message> left = await Dead.PeekAsync(0, 10);
        Assert.Equal(["first", "third"], left.Select(message => message.MessageId));
        Assert.All(left, message => Assert.Null(message.Lock));
    }

    [Fact]
    public async Task Purge_RemovesThoseNamed_AllOnlyWhenToldSo()
    {
        Assert.Equal(2, (await HrnetAsync("purge")).ExitCode);
        Assert.Equal(0, (await HrnetAsync("purge", "1")).ExitCode);
        Assert.Equal(2, (await Dead.PeekAsync(0, 10)).Count);
        Assert.Equal(0, (await HrnetAsync("purge", "--all")).ExitCode);
        Assert.Empty(await Dead.PeekAsync(0, 10));
    }

    [Fact]
    public async Task UndecodableDeadLetter_StandsInNobodysWay()
    {
        Entity inside = _broker.Broker.Find(Queue);
        await inside.SendAsync([new IncomingMessage(UndecodableMessage.Content("broken"), "broken")]);
        TaskCompletionSource<Message> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Receiver receiver = inside.Attach(ReceiveMode.PeekLock, null, handover => taken.SetResult(handover.Messages[0]));
        await inside.SetLimitAsync(receiver, 1, drain: false);
        await inside.DeadLetterAsync((await taken.Task).Lock!.Token, null, null);

        CommandResult list = await HrnetAsync("list"), show = await HrnetAsync("show", "4"), replay = await HrnetAsync("replay", "third"), purge = await HrnetAsync("purge", "--all");

        Assert.Equal((0, 1, 0, 0), (list.ExitCode, show.ExitCode, replay.ExitCode, purge.ExitCode));
        Assert.Contains("second", list.Output, StringComparison.Ordinal);
        Assert.Contains("Dead letter 4 cannot be decoded", list.Error, StringComparison.Ordinal);
        Assert.Contains("Dead letter 4 cannot be decoded", show.Error, StringComparison.Ordinal);
        Assert.Contains("Removed: 2.", purge.Output, StringComparison.Ordinal);
        Assert.Equal("broken", Assert.Single(await Dead.PeekAsync(0, 10)).MessageId);
    }

    [Fact]
    public async Task WithoutServiceBus_TheSettingIsNamed()
    {
        CommandResult result = await HrnetProcess.RunAsync(["deadletters", "list", "--stack", _noStack.Path]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("HrNetBatch:ServiceBus:ConnectionString", result.Error, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _broker.DisposeAsync();
        _noStack.Dispose();
    }

    private Task<CommandResult> HrnetAsync(params string[] arguments) => HrnetProcess.RunAsync(
        ["deadletters", .. arguments, "--stack", _noStack.Path], new Dictionary<string, string> { [Setting.Replace(":", "__", StringComparison.Ordinal)] = _broker.ConnectionString });

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
