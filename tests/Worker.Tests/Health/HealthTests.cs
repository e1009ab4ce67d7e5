using System.Net;
using System.Text.RegularExpressions;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;
using Npgsql;

namespace HrNetBatch.Worker.Tests.Health;

/// <summary>What the probes of a container see.</summary>
public sealed partial class HealthTests(PostgresFixture postgres)
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false });

    [Fact]
    public async Task Worker_IsReady_UntilItDrains_AndLivesToTheEnd()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Health:Port=0", "Worker:Supervision:HandBackGrace=00:00:10");
        string address = await AddressAsync(worker);
        Assert.Equal((HttpStatusCode.OK, """{"status":"healthy"}"""), await GetAsync(address, "/healthz/live"));
        Assert.Equal((HttpStatusCode.OK, """{"status":"healthy"}"""), await GetAsync(address, "/healthz/ready"));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(address, "/")).Status);
        Guid running = await ledger.EnqueueAsync(Behaviour.IgnoreStop);
        await ledger.ProcessAsync(running);

        worker.Terminate();
        await Eventually.TrueAsync(async () => (await GetAsync(address, "/healthz/ready")).Status == HttpStatusCode.ServiceUnavailable, "the worker is not ready any more");
        Assert.Contains("draining", (await GetAsync(address, "/healthz/ready")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(address, "/healthz/live")).Status);
        Guid late = await ledger.EnqueueAsync(Behaviour.Succeed);

        // It ends when the grace of the attempt that does not hear is over; until then it takes nothing more.
        Assert.Equal(0, await worker.ExitAsync());
        Assert.Equal(JobState.Queued, (await ledger.FindAsync(running)).State);
        Assert.Equal((JobState.Queued, 0), ((await ledger.FindAsync(late)).State, (await ledger.FindAsync(late)).AttemptCount));
    }

    [Fact]
    public async Task Worker_IsNotReady_WhileItsLedgerIsAway()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Health:Port=0");
        string address = await AddressAsync(worker);
        string database = new NpgsqlConnectionStringBuilder(ledger.ConnectionString).Database!;
        await using NpgsqlDataSource server = NpgsqlDataSource.Create((await postgres.ServerAsync()).ConnectionString);

        await ExecuteAsync($"ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        await Eventually.TrueAsync(async () => (await GetAsync(address, "/healthz/ready")).Status == HttpStatusCode.ServiceUnavailable, "the worker is not ready");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(address, "/healthz/live")).Status);

        await ExecuteAsync($"ALTER DATABASE {database} ALLOW_CONNECTIONS true");
        await Eventually.TrueAsync(async () => (await GetAsync(address, "/healthz/ready")).Status == HttpStatusCode.OK, "the worker is ready again");

        async Task ExecuteAsync(string sql)
        {
            await using NpgsqlCommand command = server.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Worker_SaysWhatToDo_WhenThePortIsTaken()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using LocalHttp other = await LocalHttp.StartAsync(_ => Task.CompletedTask);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, $"Health:Port={new Uri(other.Address).Port}");

        Assert.Equal(1, await worker.ExitAsync());
        Assert.Contains("HrNetBatch:Health:Port", worker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", worker.Log, StringComparison.Ordinal);
    }

    private static async Task<string> AddressAsync(ProgramProcess worker) => await Eventually.GetAsync(
        () => Task.FromResult(Address().Match(worker.Log) is { Success: true } match && worker.Log.Contains("Application started", StringComparison.Ordinal) ? match.Value : null),
        "the worker says where its health is told", TimeSpan.FromSeconds(60));

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(string address, string path)
    {
        using HttpResponseMessage response = await Client.GetAsync(address + path, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+(?=/healthz/live)")]
    private static partial Regex Address();
}
