using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.TestKit;
using HrNetBatch.Worker.TestHost;

namespace HrNetBatch.Worker.Tests.Telemetry;

/// <summary>What a collector gets of a job that really ran.</summary>
public sealed class TelemetryExportTests(PostgresFixture postgres)
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c", ParentId = "b7ad6b7169203331";

    [Fact]
    public async Task Collector_ReceivesMetricsSpansAndLogs_OfWorkerAndAttempt()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        using ProgramProcess worker = WorkerProcess.StartIn(
            new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address,
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test",
            },
            ledger.ConnectionString);
        JobRequest request = LedgerOfTest.Request(Behaviour.Count) with { TraceParent = $"00-{TraceId}-{ParentId}-01" };
        await ledger.Jobs.EnqueueAsync(request, TestContext.Current.CancellationToken);
        await ledger.UntilAsync(request.Id, JobState.Succeeded);

        // The intervals are OpenTelemetry's own, a minute for metrics: the attempt sends at its end, the worker when it stops.
        Assert.Contains(("hrnet-attempt", "hrnetbatch.train.samples"), collector.Metrics);
        ReceivedSpan span = Assert.Single(collector.Spans, span => span.Name == "attempt");
        Assert.Equal(("hrnet-attempt", TraceId, ParentId), (span.Service, span.TraceId, span.ParentId));
        Assert.Equal((request.Id.ToString(), "behave", "Succeeded"),
            (span.Attributes["hrnetbatch.job.id"], span.Attributes["hrnetbatch.job.kind"], span.Attributes["hrnetbatch.attempt.outcome"]));
        worker.Terminate();
        Assert.Equal(0, await worker.ExitAsync());

        Assert.Superset(
            new HashSet<(string, string)>
            {
                ("hrnet-worker", "hrnetbatch.job.duration"), ("hrnet-worker", "hrnetbatch.job.wait"), ("hrnet-worker", "hrnetbatch.attempt.duration"),
                ("hrnet-worker", "dotnet.process.cpu.time"), ("hrnet-attempt", "dotnet.process.cpu.time"),
            },
            collector.Metrics.ToHashSet());
        Assert.Contains(collector.Metrics, metric => metric.Name.StartsWith("db.client.", StringComparison.Ordinal));
        Assert.Contains(collector.Logs, line => line.Service == "hrnet-worker" && line.Text.Contains(request.Id.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain(collector.Spans, span => span.Service == "hrnet-worker"); // what it asks PostgreSQL every second is nobody's
        Assert.All(collector.Resources, resource => Assert.Equal("test", resource["deployment.environment.name"]));
        Assert.Contains(collector.Resources, resource => resource["service.name"] == "hrnet-attempt" && resource["hrnetbatch.job.kind"] == "behave"
            && resource["service.version"].Length > 0 && resource["service.instance.id"].StartsWith(Environment.MachineName, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Worker_SaysWhatToDo_WhenTheCollectorsAddressIsNone()
    {
        using ProgramProcess worker = WorkerProcess.StartIn(
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "collector:4317" }, "Host=127.0.0.1;Port=1;Username=nobody");

        Assert.Equal(1, await worker.ExitAsync());
        Assert.Contains("http://localhost:4317", worker.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", worker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_Succeeds_WhenTheCollectorIsAway()
    {
        await using LedgerOfTest ledger = await LedgerOfTest.CreateAsync(postgres);
        using ProgramProcess worker = WorkerProcess.StartIn(
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" }, ledger.ConnectionString);

        Job done = await ledger.UntilAsync(await ledger.EnqueueAsync(Behaviour.Count), JobState.Succeeded);

        Assert.Equal(1, done.AttemptCount);
    }
}
