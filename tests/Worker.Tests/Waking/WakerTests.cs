using Hangfire;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.Devices;
using HrNetBatch.Worker.TestHost;
using HrNetBatch.Worker.Waking;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HrNetBatch.Worker.Tests.Waking;

[Collection("Hangfire in the test's own process")]
public sealed class WakerTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData(null)]
    [InlineData("123456789")]
    public async Task Job_IsCalledAgain_WhenItsCallWentAstray(string? hangfireId)
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        Guid job = await ledger.EnqueueAsync(Behaviour.Succeed);
        await using var database = NpgsqlDataSource.Create(ledger.ConnectionString);
        await using NpgsqlCommand call = database.CreateCommand("INSERT INTO hrnet.wakes (job_id, lane, hangfire_id) VALUES ($1, 0, $2)");
        call.Parameters.AddWithValue(job);
        call.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = hangfireId });
        await call.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString);

        await ledger.UntilAsync(job, JobState.Succeeded);
    }

    [Fact]
    public async Task Job_IsCalledAtOnce_WhenIntakeSaysThatItIsThere()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using var database = NpgsqlDataSource.Create(ledger.ConnectionString);
        await using ServiceProvider services = Waking(ledger.ConnectionString, new FakeTimeProvider()); // its next turn never comes
        var waker = services.GetRequiredService<Waker>();
        await waker.StartAsync(TestContext.Current.CancellationToken);

        Guid job = await ledger.EnqueueAsync(Behaviour.Succeed);
        services.GetRequiredService<WakeSignal>().Set();

        await Eventually.TrueAsync(async () =>
        {
            await using NpgsqlCommand calls = database.CreateCommand("SELECT count(*) FROM hrnet.wakes WHERE job_id = $1 AND hangfire_id IS NOT NULL");
            calls.Parameters.AddWithValue(job);
            return await calls.ExecuteScalarAsync(TestContext.Current.CancellationToken) is 1L;
        }, "a worker is called");
        await waker.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Jobs_RunSideBySide_AsManyAsConfigured()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        Guid[] jobs = [await ledger.EnqueueAsync(Behaviour.WaitForStop), await ledger.EnqueueAsync(Behaviour.WaitForStop)];

        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Concurrency:behave=2");

        Assert.NotEqual(await ledger.ProcessAsync(jobs[0]), await ledger.ProcessAsync(jobs[1]));
    }

    [Fact]
    public async Task Worker_SaysWhatToDo_WhenItCannotStart()
    {
        using ProgramProcess unreachable = WorkerProcess.Start("Host=127.0.0.1;Port=1;Username=nobody");
        using ProgramProcess withoutGpu = WorkerProcess.Start("Host=127.0.0.1;Port=1", "Worker:Device=cuda:63");
        using ProgramProcess misconfigured = WorkerProcess.Start("Host=127.0.0.1;Port=1", "Worker:Device=gpu");
        using ProgramProcess misspelt = WorkerProcess.Start("Host=127.0.0.1;Foo=1");

        Assert.Equal(1, await unreachable.ExitAsync());
        Assert.Contains("hrnet up", unreachable.Log, StringComparison.Ordinal);
        Assert.Equal(1, await withoutGpu.ExitAsync());
        Assert.Contains("The worker cannot start: HrNetBatch:Worker:Device is cuda:63, but libtorch can use", withoutGpu.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", withoutGpu.Log, StringComparison.Ordinal);
        Assert.Equal(1, await misconfigured.ExitAsync());
        Assert.Contains("auto, cpu or cuda:N", misconfigured.Log, StringComparison.Ordinal);
        Assert.Equal(1, await misspelt.ExitAsync());
        Assert.Contains("The worker cannot start: ", misspelt.Log, StringComparison.Ordinal);
        Assert.Contains("unknown keyword \"foo\"", misspelt.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", misspelt.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Worker_TellsEveryWrongSetting_AndNothingElse()
    {
        using ProgramProcess worker = WorkerProcess.Start("Host=127.0.0.1;Port=1", "Retry:FailureLimit=0", "Worker:DeviceWait=soon", "Worker:Supervision:CancelGrace=1.00:00:00");

        Assert.Equal(1, await worker.ExitAsync());
        string[] lines = worker.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal("The worker cannot start:", lines[0]);
        Assert.Equal(
            [
                "HrNetBatch:Retry:FailureLimit is 0: a value from 1 to 1000 is needed.",
                "HrNetBatch:Worker:DeviceWait is 'soon': a duration such as 00:00:05 is needed.",
                "HrNetBatch:Worker:Supervision:CancelGrace is 1.00:00:00: a value from 00:00:00 to 00:10:00 is needed.",
            ],
            lines[1..].Order(StringComparer.Ordinal));
    }

    private static ServiceProvider Waking(string ledger, TimeProvider time)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["HrNetBatch:Ledger:ConnectionString"] = ledger })
            .Build();
        return new ServiceCollection().AddLogging()
            .AddHrNetJobs(configuration, new JobKinds(HandledKind.Of<BehaveArguments, BehaveHandler>()))
            .AddHangfire(hangfire => hangfire.UseStorage(HangfireStorage.Open(NpgsqlDataSource.Create(ledger), TimeSpan.FromSeconds(1))))
            .AddSingleton(time).AddSingleton<DevicePool>().AddSingleton<ServedKinds>().AddSingleton<StrayWakes>().AddSingleton<WakeSignal>().AddSingleton<Waker>()
            .Configure<WorkerOptions>(worker => worker.Device = "cpu")
            .BuildServiceProvider();
    }
}
