using System.Diagnostics;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.Kinds.Execution;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace HrNetBatch.Jobs.Tests.Execution;

public sealed class AttemptRunnerTests
{
    [Fact]
    public async Task Run_ReturnsTheHandlersOutcome() =>
        Assert.Equal("Succeeded", (await RunAsync((attempt, _) => Task.FromResult<Outcome>(Outcome.Success(new { name = attempt.ArgumentsAs<ProbeArguments>().Name })))).Name);

    [Fact]
    public async Task Run_TurnsAnExceptionIntoAnOutcome() =>
        Assert.Equal(
            new Outcome.Failed("no such checkpoint", FailureKind.Permanent),
            await RunAsync((_, _) => throw new JobException("no such checkpoint")));

    [Fact]
    public async Task Run_FailsForGood_WhenTheArgumentsDoNotFit() =>
        Assert.Equal(
            FailureKind.Permanent,
            Ended.As<Outcome.Failed>(await RunAsync((attempt, _) => Task.FromResult<Outcome>(Outcome.Success(attempt.ArgumentsAs<ProbeArguments>())), "{}")).Kind);

    [Theory]
    [InlineData(StopReason.Interrupt, "HandedBack")]
    [InlineData(StopReason.Cancel, "Cancelled")]
    public async Task Execute_HandsBackWithoutSpendingAnAttempt_OrCancels_WhenStopping(StopReason reason, string outcome)
    {
        using AttemptStop stop = new();
        TaskCompletionSource started = new();
        Task<Outcome> run = RunAsync(
            async (attempt, token) =>
            {
                started.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ContinueWith(_ => { }, TaskScheduler.Default);
                return attempt.Stopped("saved step 10");
            },
            stop: stop);
        await started.Task;

        stop.Request(reason);

        Assert.Equal(outcome, (await run).Name);
    }

    [Fact]
    public async Task Run_IsOneSpan_UnderWhoeverAskedForTheJob_ThatNamesTheJobAndTheOutcome()
    {
        List<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == HrNetTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        string reason = Guid.NewGuid().ToString();

        await RunAsync((_, _) => throw new JobException(reason), traceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        Activity[] seen;
        lock (spans)
            seen = [.. spans];
        Activity span = Assert.Single(seen, span => span.StatusDescription == reason);
        Assert.Equal(("attempt", ActivityStatusCode.Error, "Failed", "probe"), (span.OperationName, span.Status, span.GetTagItem("hrnetbatch.attempt.outcome"), span.GetTagItem("hrnetbatch.job.kind")));
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true), (span.TraceId.ToHexString(), span.ParentSpanId.ToHexString(), span.HasRemoteParent));
    }

    [Fact]
    public void Stop_KeepsTheStrongerReason()
    {
        using AttemptStop stop = new();
        Assert.Null(stop.Reason);
        stop.Request(StopReason.Interrupt);
        stop.Request(StopReason.Cancel);
        stop.Request(StopReason.Interrupt);

        Assert.Equal(StopReason.Cancel, stop.Reason);
        Assert.True(stop.Token.IsCancellationRequested);
    }

    private static async Task<Outcome> RunAsync(
        Func<AttemptContext, CancellationToken, Task<Outcome>> execute,
        string arguments = """{"name": "x"}""",
        AttemptStop? stop = null,
        string? traceParent = null)
    {
        // The ledger is never reached in these tests.
        await using NpgsqlDataSource nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1");
        using AttemptStop own = new();
        AttemptStart start = new(new Lease(Guid.NewGuid(), Guid.CreateVersion7(), "probe", 1, 0), JsonSerializer.Deserialize<JsonElement>(arguments), "cpu", 1) { TraceParent = traceParent };
        AttemptContext attempt = new(start, stop ?? own, new JobKinds(JobKind.Of<ProbeArguments>()), new ProgressStore(nowhere), new MetricStore(nowhere), NullLogger.Instance);
        return await AttemptRunner.RunAsync(new Handler(execute), attempt, stop ?? own);
    }

    private sealed class Handler(Func<AttemptContext, CancellationToken, Task<Outcome>> execute) : IJobHandler
    {
        public Task<Outcome> ExecuteAsync(AttemptContext attempt, CancellationToken stop) => execute(attempt, stop);
    }
}
