using HrNetBatch.TestKit;
using HrNetBatch.Worker.Tests.Telemetry;
using Microsoft.AspNetCore.Builder;

namespace HrNetBatch.Dashboard.Tests;

public sealed class TelemetryTests(PostgresFixture postgres)
{
    [Fact]
    public async Task Collector_ReceivesRequestsAndTheStatementsTheyLeadTo()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using (WebApplication app = await DashboardApp.BuildAsync(
        [
            $"--HrNetBatch:Ledger:ConnectionString={database.ConnectionString}", "--HrNetBatch:Dashboard:Port=0", "--Logging:LogLevel:Default=Warning",
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ]))
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };
            await client.GetStringAsync(new Uri("/healthz/live", UriKind.Relative), TestContext.Current.CancellationToken);
            await client.GetStringAsync(new Uri("/api/jobs", UriKind.Relative), TestContext.Current.CancellationToken);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        Assert.Contains(("hrnet-dashboard", "http.server.request.duration"), collector.Metrics);
        ReceivedSpan request = collector.Spans.First(span => span.Name.StartsWith("GET", StringComparison.Ordinal) && span.Name.Contains("/api/jobs", StringComparison.Ordinal));
        Assert.Contains(collector.Spans, span => span.TraceId == request.TraceId && span.ParentId.Trim('0').Length > 0);
        Assert.DoesNotContain(collector.Spans, span => span.Name.Contains("/healthz", StringComparison.Ordinal)); // probes come every few seconds
        Assert.All(collector.Spans, span => Assert.Equal("hrnet-dashboard", span.Service));
    }
}
