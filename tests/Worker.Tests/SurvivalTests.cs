using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;

namespace HrNetBatch.Worker.Tests;

/// <summary>What a worker's death costs: nothing but time.</summary>
public sealed class SurvivalTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Worker_IsReplacedWithin30Seconds_WhenKilled()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess first = WorkerProcess.Start(ledger.ConnectionString);
        Guid job = await ledger.EnqueueAsync(Behaviour.WaitForStop, untilAttempt: 1);
        int child = await ledger.ProcessAsync(job);
        using ProgramProcess second = WorkerProcess.Start(ledger.ConnectionString);

        first.Kill();

        await Eventually.TrueAsync(() => !ProgramProcess.IsAlive(child), "the attempt's process ends with its worker", TimeSpan.FromSeconds(10));
        Job done = await ledger.UntilAsync(job, JobState.Succeeded);
        Assert.Equal((1, 0), (done.LostCount, done.FailureCount));
    }

    [Fact]
    public async Task Attempt_CannotWrite_WhenItsWorkerWasFrozenAndTheLaneTakenOver()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess zombie = WorkerProcess.Start(ledger.ConnectionString);
        Guid job = await ledger.EnqueueAsync(Behaviour.Write, untilAttempt: 2);
        int child = await ledger.ProcessAsync(job);
        await WrittenAsync("attempt-1");

        zombie.Freeze();
        using ProgramProcess second = WorkerProcess.Start(ledger.ConnectionString);
        await ledger.ProcessAsync(job, otherThan: child);
        long written = await LastStepAsync();
        await WrittenAsync("attempt-2");
        Assert.Equal(written, await LastStepAsync());

        zombie.Continue();
        await Eventually.TrueAsync(() => !ProgramProcess.IsAlive(child), "the process whose lease is lost is gone", TimeSpan.FromSeconds(20));
        second.Terminate();
        await ledger.UntilAsync(job, JobState.Succeeded);
        Assert.Equal(["Lost", "HandedBack", "Succeeded"], (await ledger.AttemptsAsync(job)).Select(attempt => attempt.Outcome));
        Assert.Equal(written, await LastStepAsync());

        Task WrittenAsync(string attempt) => Eventually.TrueAsync(
            async () => (await ledger.Metrics.ReadAsync(job, attempt, cancellation: TestContext.Current.CancellationToken)).Count > 20,
            $"{attempt} writes", TimeSpan.FromSeconds(60));

        async Task<long> LastStepAsync() =>
            (await ledger.Metrics.ReadAsync(job, "attempt-1", cancellation: TestContext.Current.CancellationToken)).Max(point => point.Step);
    }

    [Fact]
    public async Task Lane_IsTakenOver_WhenItsProcessFrozeInTheMiddleOfAWrite()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess first = WorkerProcess.Start(ledger.ConnectionString);
        Guid job = await ledger.EnqueueAsync(Behaviour.FreezeInWrite, untilAttempt: 1);
        int child = await ledger.ProcessAsync(job);
        await Eventually.TrueAsync(() => ProgramProcess.IsFrozen(child), "the attempt's process stands still");

        first.Kill();
        using ProgramProcess second = WorkerProcess.Start(ledger.ConnectionString);

        await ledger.UntilAsync(job, JobState.Succeeded);
        ProgramProcess.Kill(child); // frozen, it cannot see that its worker is dead
    }

    [Fact]
    public async Task Attempt_IsHandedBackAndNoneSpent_WhenTheWorkerIsTerminated()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString);
        Guid job = await ledger.EnqueueAsync(Behaviour.WaitForStop);
        await ledger.ProcessAsync(job);

        worker.Terminate();

        Assert.Equal(0, await worker.ExitAsync());
        Job returned = await ledger.FindAsync(job);
        Assert.Equal((JobState.Queued, 0, 0), (returned.State, returned.FailureCount, returned.LostCount));
        Attempt attempt = Assert.Single(await ledger.AttemptsAsync(job));
        Assert.Equal(("HandedBack", "saved"), (attempt.Outcome, attempt.Error));
    }

    [Fact]
    public async Task Attempt_IsKilledAndHandedBack_WhenItIgnoresTheTerminationOfItsWorker()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Supervision:HandBackGrace=00:00:01");
        Guid job = await ledger.EnqueueAsync(Behaviour.IgnoreStop);
        int child = await ledger.ProcessAsync(job);

        worker.Terminate();

        Assert.Equal(0, await worker.ExitAsync());
        Assert.False(ProgramProcess.IsAlive(child));
        Job returned = await ledger.FindAsync(job);
        Assert.Equal((JobState.Queued, 0, 0), (returned.State, returned.FailureCount, returned.LostCount));
    }

    [Fact]
    public async Task Outcome_IsWrittenAfterwards_WhenTheDatabaseWasAway()
    {
        using var folder = new TemporaryFolder();
        await using PostgresServer server = await PostgresServer.StartAsync(new PostgresOptions { Folder = folder.Path, Durable = false }, cancellationToken: TestContext.Current.CancellationToken);
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(await server.CreateDatabaseAsync("ledger", TestContext.Current.CancellationToken));
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Ledger:LeaseDuration=00:01:00");
        Guid job = await ledger.EnqueueAsync(Behaviour.WaitForStop);
        int child = await ledger.ProcessAsync(job);

        ProgramProcess.Kill(server.ProcessId);
        worker.Terminate();
        await Eventually.TrueAsync(() => !ProgramProcess.IsAlive(child), "the attempt ends while the database is away");
        await server.RestartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, await worker.ExitAsync());
        await using LedgerOfTest afterwards = LedgerOfTest.Reopen(ledger.ConnectionString); // the old connections are broken
        Assert.Equal("HandedBack", Assert.Single(await afterwards.AttemptsAsync(job)).Outcome);
    }
}
