using System.Globalization;
using Hangfire;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.States;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;
using HrNetBatch.Worker.Waking;
using Npgsql;

namespace HrNetBatch.Worker.Tests.Waking;

/// <summary>Somebody else can write Hangfire's tables: that gets them no code run.</summary>
[Collection("Hangfire in the test's own process")]
public sealed class AdmittedCallsTests(PostgresFixture postgres)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Worker_RunsNothingButOurCalls_WhateverHangfiresTablesName()
    {
        using var folder = new TemporaryFolder();
        string written = folder.File("written"), recurring = folder.File("written-again-and-again");
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using var database = NpgsqlDataSource.Create(ledger.ConnectionString);
        PostgreSqlStorage hangfire = HangfireStorage.Open(NpgsqlDataSource.Create(ledger.ConnectionString), TimeSpan.FromSeconds(1));

        GlobalConfiguration.Configuration.UseNoOpLogProvider();

        // As a stranger writes them, with Hangfire's own means and so in its own format.
        string[] calls =
        [
            Write(Job.FromExpression(() => File.WriteAllText(written, "owned"))),
            Write(Job.FromExpression(() => Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"))),   // a type that we need, but no call of ours
            Write(Job.FromExpression<WakeJob>(wake => wake.ToString())),   // a method of our own class, but no call of ours
            Write(Job.FromExpression<WakeJob>(wake => wake.WakeAsync(Guid.Empty))),
        ];
        await using NpgsqlCommand argument = database.CreateCommand(
            """UPDATE hangfire.job SET arguments = '["{\"$type\":\"System.IO.FileInfo, System.Private.CoreLib\",\"fileName\":\"x\"}"]' WHERE id = $1""");
        argument.Parameters.AddWithValue(Number(calls[^1]));   // a call of ours whose argument names a type
        await argument.ExecuteNonQueryAsync(Stop);
        new RecurringJobManager(hangfire).AddOrUpdate(
            "stranger", HangfireServers.ScheduleQueue, () => File.WriteAllText(recurring, "owned"), "* * * * * *", new RecurringJobOptions());

        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Concurrency:behave=1");
        Guid job = await ledger.EnqueueAsync(Behaviour.Succeed);

        await ledger.UntilAsync(job, JobState.Succeeded);
        foreach (string call in calls)
        {
            await Eventually.TrueAsync(async () => await StateAsync(call) == FailedState.StateName, $"call {call} is failed");
            await Eventually.TrueAsync(() => worker.Log.Contains($"Hangfire's call {call} is refused", StringComparison.Ordinal), "the log says so");
        }
        await Eventually.TrueAsync(() => worker.Log.Contains("recurring job stranger is refused", StringComparison.Ordinal), "the log names the recurring job");
        Assert.Contains("it names System.IO.File", worker.Log, StringComparison.Ordinal);
        Assert.False(File.Exists(written));
        Assert.False(File.Exists(recurring));

        static long Number(string call) => long.Parse(call, CultureInfo.InvariantCulture);

        string Write(Job call) => new BackgroundJobClient(hangfire).Create(call, new EnqueuedState("behave"));

        async Task<string?> StateAsync(string call)
        {
            await using NpgsqlCommand state = database.CreateCommand("SELECT statename FROM hangfire.job WHERE id = $1");
            state.Parameters.AddWithValue(Number(call));
            return (string?)await state.ExecuteScalarAsync(Stop);
        }
    }
}
