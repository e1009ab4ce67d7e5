using System.Text;
using Azure.Messaging.ServiceBus;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Kinds;
using HrNetBatch.LocalServiceBus.Core;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HrNetBatch.Worker.Tests.Intake;

public sealed class IntakeTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Messages_BecomeJobs_OneForEachIdHoweverOftenItIsSent()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString);
        IReadOnlyList<JobRequest> requests = await stack.SendAsync(120);
        await stack.StartIntakeAsync();
        await stack.Client.SendAsync(IntakeStack.Queue, [.. requests.Take(20).Select(JobMessage.Of)], Stop);

        await stack.TakenInAsync(requests);
        Assert.True((await stack.Client.PeekAsync(IntakeStack.DeadLetterQueue, 0, 10, Stop)).IsEmpty);
    }

    [Theory]
    [InlineData("nonsense", "{}", JobMessageRefusal.UnknownKind, "nonsense")]
    [InlineData("behave", """{"schemaVersion":1,"arguments":{"do":"succeed","colour":1}}""", JobMessageRefusal.InvalidFields, "arguments.colour")]
    [InlineData("behave", """{"schemaVersion":1,"arguments":{"do":7}}""", JobMessageRefusal.InvalidFields, "arguments.do")]
    [InlineData("behave", "no JSON", JobMessageRefusal.UndecodableBody, "body")]
    [InlineData("behave", "too large", JobMessageRefusal.BodyTooLarge, "body")]
    public async Task WhatCannotBeAJob_BecomesADeadLetter_ThatNamesTheField(string subject, string body, string reason, string named)
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString);
        await stack.StartIntakeAsync();
        byte[] content = body == "too large" ? new byte[JobMessage.MaximumBodyBytes + 1] : Encoding.UTF8.GetBytes(body);
        await stack.Client.SendAsync(IntakeStack.Queue, [new(content) { MessageId = "bad", Subject = subject, ContentType = "application/json" }], Stop);
        IReadOnlyList<JobRequest> good = await stack.SendAsync(1);

        ServiceBusReceivedMessage dead = await stack.DeadLetterAsync();
        Assert.Equal(("bad", reason), (dead.MessageId, dead.DeadLetterReason));
        Assert.Contains(named, dead.DeadLetterErrorDescription, StringComparison.Ordinal);
        Assert.Equal(content, dead.Body.ToArray());
        await stack.TakenInAsync(good);
    }

    [Fact]
    public async Task AChainThatIsSentTwice_TrainsAndClassifiesOnce()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString, kinds: KindTable.Default);
        await stack.StartIntakeAsync();
        await using ServiceBusClient anybody = new(stack.ConnectionString);
        ServiceBusSender sender = anybody.CreateSender(IntakeStack.Queue);
        Guid train = JobIdentity.OfMessage("flowers-2030");

        await SendAsync();
        await Eventually.TrueAsync(async () => await stack.Jobs.FindAsync(train, Stop) is not null, "the train job is there");
        await SendAsync();
        Lease lease = (await stack.Leases.ClaimAsync(train, "worker", "cpu", Stop))!;
        await stack.Leases.EndAsync(lease, Outcome.Success(new { best = "blob://local/runs/flowers/model_best.pth.tar" }), Stop);
        await SendAsync();

        await Eventually.TrueAsync(async () => (await stack.Inside.PeekAsync(0, 1)).Count == 0, "the messages are taken");
        IReadOnlyList<Job> jobs = await stack.Jobs.ListAsync(limit: 10, cancellation: Stop);
        Assert.Equal(["classify", "train"], jobs.Select(job => job.Kind).Order(StringComparer.Ordinal));
        Job classify = jobs.Single(job => job.Kind == "classify");
        Assert.Equal((train, JobState.Queued), (classify.Follows!.Value, classify.State));
        Assert.Equal("blob://local/runs/flowers/model_best.pth.tar", classify.Arguments.GetProperty("checkpoint").GetString());
        Assert.True((await stack.Client.PeekAsync(IntakeStack.DeadLetterQueue, 0, 10, Stop)).IsEmpty);

        Task SendAsync() => sender.SendMessageAsync(new ServiceBusMessage("""
            {"schemaVersion": 1, "arguments": {"data": "blob://local/flowers/train/", "variant": "w18", "classCount": 9, "output": "blob://local/runs/flowers"},
             "then": [{"kind": "classify", "arguments": {"input": "blob://local/photos/", "checkpoint": "{{result.best}}", "output": "blob://local/results/photos"}}]}
            """)
        { MessageId = "flowers-2030", Subject = "train", ContentType = "application/json" }, Stop);
    }

    [Fact]
    public async Task ManyUndecodableMessages_DoNotStopTheIntake()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString);
        await stack.StartIntakeAsync();
        await stack.Inside.SendAsync([.. Enumerable.Range(0, 150).Select(number => new IncomingMessage(UndecodableMessage.Content($"{number}"), $"{number}"))]); // thrice what it takes at once
        IReadOnlyList<JobRequest> requests = await stack.SendAsync(100);

        await Eventually.TrueAsync(async () => (await stack.Jobs.ListAsync(limit: 1000, cancellation: Stop)).Count == requests.Count, "the others are jobs");
    }

    /// <summary>Where nothing can be decoded, that is told once, not at each delivery.</summary>
    [Fact]
    public async Task NothingButUndecodableMessages_AreToldOnce()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString);
        await stack.Inside.SendAsync([.. Enumerable.Range(0, 60).Select(number => new IncomingMessage(UndecodableMessage.Content($"{number}"), $"{number}"))]);
        await stack.StartIntakeAsync();

        await Eventually.TrueAsync(async () => (await stack.Inside.PeekAsync(0, 100)).Count(message => message.Lock is not null) == 60, "each was delivered");
        Assert.Single(stack.Log.Of(7103));
    }

    [Fact]
    public async Task IdOfAnotherJob_IsRefused()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString);
        await stack.StartIntakeAsync();
        JobRequest first = (await stack.SendAsync(1))[0];
        await stack.TakenInAsync([first]);

        await stack.Client.SendAsync(IntakeStack.Queue, [JobMessage.Of(LedgerOfTest.Request(Behaviour.Refuse) with { Id = first.Id })], Stop);
        Assert.Equal(JobMessageRefusal.IdTaken, (await stack.DeadLetterAsync()).DeadLetterReason);
    }

    [Fact]
    public async Task LostLock_MakesNoSecondJob_AndLosesNone()
    {
        var time = new FakeTimeProvider();
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString, time);
        IReadOnlyList<JobRequest> requests;
        await using (NpgsqlConnection connection = await database.DataSource.OpenConnectionAsync(Stop))
        {
            // Nothing can be stored until the locks have run out.
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(Stop);
            await using (NpgsqlCommand command = new("LOCK TABLE hrnet.jobs", connection, transaction)) await command.ExecuteNonQueryAsync(Stop);
            await stack.StartIntakeAsync();
            requests = await stack.SendAsync(30);
            await Eventually.TrueAsync(async () => (await stack.Inside.PeekAsync(0, 100)).Any(message => message.Lock is not null), "messages are locked");
            time.Advance(TimeSpan.FromMinutes(2));
            await Eventually.TrueAsync(async () => (await stack.Inside.PeekAsync(0, 100)).Any(message => message.DeliveryCount > 0), "their locks are lost");
        }

        await stack.TakenInAsync(requests);
    }

    [Fact]
    public async Task Everything_ArrivesOnce_WhenTheBrokerIsRestartedInTheMiddle()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString);
        List<JobRequest> requests = [.. await stack.SendAsync(300)];
        await stack.StartIntakeAsync();
        for (int restart = 1; restart <= 3; restart++)
        {
            int some = restart * 70;
            await Eventually.TrueAsync(async () => (await stack.Jobs.ListAsync(limit: 1000, cancellation: Stop)).Count >= some, $"{some} jobs are in the ledger");
            await stack.RestartBrokerAsync();
            requests.AddRange(await stack.SendAsync(10));
        }

        await stack.TakenInAsync(requests);
    }

    [Fact]
    public async Task Messages_WaitForALedgerThatIsAway()
    {
        using var folder = new TemporaryFolder();
        await using PostgresServer server = await PostgresServer.StartAsync(new PostgresOptions { Folder = folder.Path }, cancellationToken: Stop);
        await using IntakeStack stack = await IntakeStack.StartAsync(await server.CreateDatabaseAsync("ledger", Stop));
        await stack.StartIntakeAsync();
        List<JobRequest> requests = [.. await stack.SendAsync(5)];
        await stack.TakenInAsync(requests);

        ProgramProcess.Kill(server.ProcessId);
        requests.AddRange(await stack.SendAsync(40));
        await Eventually.TrueAsync(async () => (await stack.Inside.PeekAsync(0, 100)).Any(message => message.Lock is not null), "messages are received meanwhile");
        await server.RestartAsync(Stop);

        await Eventually.TrueAsync(async () => await CountAsync() == 45, "45 jobs are in the ledger", TimeSpan.FromSeconds(60));
        await stack.TakenInAsync(requests);

        async Task<int> CountAsync()
        {
            try
            {
                return (await stack.Jobs.ListAsync(limit: 100, cancellation: Stop)).Count;
            }
            catch (NpgsqlException)
            {
                return -1; // its old connections are found broken one by one
            }
        }
    }

    [Fact]
    public async Task UndecodableMessage_IsGivenUpByTheBroker_AndItsNeighboursAreTakenAtTheirFirstDelivery()
    {
        var time = new FakeTimeProvider();
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString, time);
        List<JobRequest> requests = [.. await stack.SendAsync(3)];
        await stack.Inside.SendAsync([new IncomingMessage(UndecodableMessage.Content("broken"), "broken")]);
        requests.AddRange(await stack.SendAsync(3));
        await stack.StartIntakeAsync();

        await Eventually.TrueAsync(async () => (await stack.Inside.PeekAsync(0, 10)) is [{ MessageId: "broken", DeliveryCount: 0 }], "the others are taken");
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(20)); // its lock runs out again and again
            return (await stack.Inside.PeekAsync(0, 1)).Count == 0;
        }, "the broker gives it up", TimeSpan.FromSeconds(60));
        await stack.TakenInAsync(requests);
        Assert.Equal("broken", Assert.Single(await stack.InsideDead.PeekAsync(0, 10)).MessageId);
        Assert.NotEmpty(stack.Log.Of(7103));
        Assert.Empty(stack.Log.Of(7101));
    }

    [Fact]
    public async Task Intake_SaysWhatIsWrong_AndGoesOnTrying()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using IntakeStack stack = await IntakeStack.StartAsync(database.ConnectionString, queue: "missing");
        await stack.StartIntakeAsync();

        await Eventually.TrueAsync(() => stack.Log.Of(7101).Length > 0, "the trouble is logged");
        Assert.Contains("missing", Assert.Single(stack.Log.Of(7101)), StringComparison.Ordinal);
        Assert.False(stack.Intake.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Intake_SaysThatItTakesNothing_WhereItsSettingsCannotBeRead()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);

        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "ServiceBus:ConnectionString=SharedAccessKeyName=a;SharedAccessKey=b");

        await Eventually.TrueAsync(
            () => worker.Log.Contains("lacks Endpoint=sb://host/. ", StringComparison.Ordinal)
                && worker.Log.Contains("takes no job messages until it is started again with other settings", StringComparison.Ordinal),
            "the fault and its end are told");
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
