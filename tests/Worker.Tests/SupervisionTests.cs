using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;

namespace HrNetBatch.Worker.Tests;

/// <summary>What becomes of attempts that end in every way a process can.</summary>
public sealed class SupervisionTests(PostgresFixture postgres)
{
    [Theory]
    [InlineData(Behaviour.Abort, "SIGABRT", "c10::Error")]
    [InlineData(Behaviour.Die, "SIGKILL", "out of memory")]
    [InlineData(Behaviour.Freeze, "no sign of life", "killed")]
    public async Task Attempt_IsRetried_WhenItsProcessDiesOrHangs(Behaviour behaviour, params string[] reasons)
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Supervision:HeartbeatTimeout=00:00:04");

        Guid job = await ledger.EnqueueAsync(behaviour, untilAttempt: 1);

        Job done = await ledger.UntilAsync(job, JobState.Succeeded);
        Assert.Equal((1, 0), (done.FailureCount, done.LostCount));
        Attempt first = (await ledger.AttemptsAsync(job))[0];
        Assert.Equal("Failed", first.Outcome);
        Assert.All(reasons, reason => Assert.Contains(reason, first.Error, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Worker:Concurrency:behave=-2", "HrNetBatch:Worker:Concurrency:behave is -2: a value from 0 (other workers have that kind) to 1000 is needed.")]
    [InlineData("Worker:Concurrency:trian=2", "HrNetBatch:Worker:Concurrency:trian is of no kind of job; the kinds are ")]
    [InlineData("Worker:Concurrency:behave=many", "HrNetBatch:Worker:Concurrency:behave is 'many': a whole number is needed.")]
    [InlineData("Worker:Concurrency=4", "HrNetBatch:Worker:Concurrency is '4': its values are settings of their own, HrNetBatch:Worker:Concurrency:NAME.")]
    [InlineData("Worker:Supervision:HeartbeatInterval=00:01:00", "HrNetBatch:Worker:Supervision:HeartbeatInterval is 00:01:00: less than HrNetBatch:Worker:Supervision:HeartbeatTimeout (00:01:00) is needed")]
    [InlineData("Health:Port=70000", "HrNetBatch:Health:Port is 70000: a value from 0 to 65535 is needed.")]
    [InlineData("Health:Address=9", "HrNetBatch:Health:Address is 9: one of Loopback, Any is needed.")]
    public async Task Worker_DoesNotStart_WithANumberThatCannotBe(string setting, string sentence)
    {
        using ProgramProcess worker = WorkerProcess.Start("Host=127.0.0.1;Port=1", setting);

        Assert.Equal(1, await worker.ExitAsync());
        Assert.Contains(sentence, worker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attempt_IsRetried_WhenItGetsNoFurtherThoughItsProcessLives()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Supervision:StallTimeout=00:00:06");

        Guid job = await ledger.EnqueueAsync(Behaviour.Stall, untilAttempt: 1);

        await ledger.UntilAsync(job, JobState.Succeeded);
        Assert.Contains("got no further for 00:00:06", (await ledger.AttemptsAsync(job))[0].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_FailsAtOnce_WhenTheFailureIsPermanent()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString);

        Guid job = await ledger.EnqueueAsync(Behaviour.Refuse);

        Job failed = await ledger.UntilAsync(job, JobState.Failed);
        Assert.Contains("blob://NOWHERE/", failed.Error, StringComparison.Ordinal);
        Assert.Single(await ledger.AttemptsAsync(job));
    }

    [Theory]
    [InlineData(Behaviour.WaitForStop)]
    [InlineData(Behaviour.IgnoreStop)]
    public async Task Job_IsCancelledWithinSeconds_WhetherOrNotItsAttemptListens(Behaviour behaviour)
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Supervision:CancelGrace=00:00:01");
        Guid job = await ledger.EnqueueAsync(behaviour);
        int child = await ledger.ProcessAsync(job);

        await ledger.Jobs.CancelAsync(job, TestContext.Current.CancellationToken);

        await ledger.UntilAsync(job, JobState.Cancelled);
        Assert.False(ProgramProcess.IsAlive(child));
        Assert.Equal("Cancelled", Assert.Single(await ledger.AttemptsAsync(job)).Outcome);
    }

    [Fact]
    public async Task Attempt_StaysAlive_WhenItsWorkTakesEveryPooledThread()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString, "Worker:Supervision:HeartbeatTimeout=00:00:04");

        Guid job = await ledger.EnqueueAsync(Behaviour.StarveThreads);

        await ledger.UntilAsync(job, JobState.Succeeded);
        Assert.Single(await ledger.AttemptsAsync(job));
    }

    [Fact]
    public async Task Worker_LogsWhatItsAttemptsLog_WithJobAttemptAndLane()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.Start(ledger.ConnectionString);

        Guid job = await ledger.EnqueueAsync(Behaviour.Chatter);

        await ledger.UntilAsync(job, JobState.Succeeded);
        Assert.Single(await ledger.AttemptsAsync(job));
        await Eventually.TrueAsync(() => worker.Log.Contains($"[{job} attempt 1 lane 0] line 9999", StringComparison.Ordinal), "the last line is logged");
    }
}
