using System.Collections.Concurrent;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Jobs.ServiceBus;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HrNetBatch.Worker.Tests.Intake;

/// <summary>Broker, worker and database die by SIGKILL, at random moments and in random order, while jobs are sent.</summary>
public sealed class KillTests
{
    private const int Seed = 20261123, JobCount = 2000, KillsOfEach = 3, SenderCount = 4, BatchCount = 5;
    private const string Queue = "hrnet-jobs";

    [Fact]
    public async Task EveryAcknowledgedSend_BecomesExactlyOneJob()
    {
        var random = new Random(Seed);
        using var folder = new TemporaryFolder();
        await using PostgresServer server = await PostgresServer.StartAsync(new PostgresOptions { Folder = folder.Path }, cancellationToken: Stop);
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(await server.CreateDatabaseAsync("ledger", Stop));
        using BrokerProcess broker = await BrokerProcess.StartAsync();
        using var workers = new StartedWorkers();
        workers.Add(StartWorker());
        await using ServiceProvider services = Services(broker.ConnectionString);
        var client = services.GetRequiredService<MessageBus>();
        JobRequest[] requests = [.. Enumerable.Range(0, JobCount).Select(_ => LedgerOfTest.Request(Behaviour.Succeed))];
        var acknowledged = new ConcurrentDictionary<Guid, bool>();
        int againCount = 0, begunCount = 0, mayBegin = 100;

        Task[] senders = [.. Enumerable.Range(0, SenderCount).Select(SendAsync)];
        string[] victims = [.. Enumerable.Range(0, KillsOfEach).SelectMany(_ => new[] { "broker", "worker", "database" })];
        random.Shuffle(victims);
        int[] moments = [.. victims.Select(_ => random.Next(20, JobCount - 100)).Order()];
        await Eventually.TrueAsync(async () => (await JobIdsAsync()).Count > 0, "the worker takes messages in", TimeSpan.FromSeconds(90));
        foreach ((string victim, int moment) in victims.Zip(moments))
        {
            Volatile.Write(ref mayBegin, moment + 100); // the kill falls into the sending of these
            await Eventually.TrueAsync(() => acknowledged.Count >= moment, $"{moment} sends are acknowledged", TimeSpan.FromSeconds(120));
            TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged.Count} acknowledged: the {victim} is killed");
            switch (victim)
            {
                case "broker":
                    await broker.KillAsync();
                    await broker.StartAgainAsync();
                    break;
                case "worker":
                    if (ProgramProcess.IsAlive(workers[^1].Id))
                        workers[^1].Kill();
                    break;
                default:
                    ProgramProcess.Kill(server.ProcessId);
                    await server.RestartAsync(Stop);
                    break;
            }
            KeepWorker();
        }
        Volatile.Write(ref mayBegin, JobCount);
        await Task.WhenAll(senders);

        await Eventually.TrueAsync(async () =>
        {
            KeepWorker();
            return (await JobIdsAsync()).IsSupersetOf(acknowledged.Keys);
        }, "every acknowledged send is a job", TimeSpan.FromSeconds(300));
        await Eventually.TrueAsync(async () => (await client.PeekAsync(Queue, 0, 1, Stop)).IsEmpty, "the queue is empty", TimeSpan.FromSeconds(120));
        Assert.Equal(JobCount, acknowledged.Count);
        Assert.True((await JobIdsAsync()).SetEquals(requests.Select(request => request.Id)), "there are other jobs than those that were sent");
        Assert.True((await client.PeekAsync($"{Queue}/$deadletterqueue", 0, 10, Stop)).IsEmpty);
        TestContext.Current.TestOutputHelper?.WriteLine($"{victims.Length} kills, {acknowledged.Count} acknowledged, {againCount} batches sent again, {(await JobIdsAsync()).Count} jobs");

        // It takes messages in and runs none of the jobs, which are another test's subject.
        ProgramProcess StartWorker() => WorkerProcess.Start(
            ledger.ConnectionString, $"ServiceBus:ConnectionString={broker.ConnectionString}", "Worker:Concurrency:behave=0", "Worker:Intake:LongestPause=00:00:01");

        // As a supervisor does: a worker that finds no ledger when it starts ends at once.
        void KeepWorker()
        {
            if (!ProgramProcess.IsAlive(workers[^1].Id))
                workers.Add(StartWorker());
        }

        async Task SendAsync(int sender)
        {
            foreach (JobRequest[] batch in requests.Where((_, index) => index % SenderCount == sender).Chunk(BatchCount))
            {
                while (Volatile.Read(ref begunCount) >= Volatile.Read(ref mayBegin))
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Stop);
                Interlocked.Add(ref begunCount, batch.Length);
                while (!await TrySendAsync(batch))
                    Interlocked.Increment(ref againCount);
                foreach (JobRequest request in batch)
                    acknowledged[request.Id] = true;
            }
        }

        async Task<bool> TrySendAsync(JobRequest[] batch)
        {
            try
            {
                await client.SendAsync(Queue, [.. batch.Select(JobMessage.Of)], Stop);
                return true;
            }
            catch (MessageBusException error) when (error.IsTransient)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Stop); // as a client would
                return false;
            }
        }

        async Task<HashSet<Guid>> JobIdsAsync()
        {
            try
            {
                await using LedgerOfTest fresh = LedgerOfTest.Reopen(ledger.ConnectionString); // earlier connections may be broken
                return [.. (await fresh.Jobs.ListAsync(limit: 2 * JobCount, cancellation: Stop)).Select(job => job.Id)];
            }
            catch (NpgsqlException)
            {
                return [];
            }
        }
    }

    /// <summary>Ends them, and shows their logs where the test failed.</summary>
    private sealed class StartedWorkers : List<ProgramProcess>, IDisposable
    {
        public void Dispose() => ForEach(worker => worker.Dispose());
    }

    private static ServiceProvider Services(string connectionString)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["HrNetBatch:ServiceBus:ConnectionString"] = connectionString }).Build());
        services.AddLogging().AddSingleton(TimeProvider.System).AddSingleton(new JobKinds(JobKind.Of<BehaveArguments>())).AddServiceBus();
        return services.BuildServiceProvider();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
