using HrNetBatch.Jobs.Health;

namespace HrNetBatch.Dashboard;

/// <summary>
/// GET /health, for people: 200 while the ledger answers, 503 while it does not; it also says whether Service Bus answers. For the
/// probes of a container: /healthz/live and /healthz/ready.
/// </summary>
internal static class Health
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health", async (HealthProbe probe, CancellationToken cancellation) => Answer(await probe.CheckAsync(cancellation)));
        app.MapGet(HealthReport.LivePath, () => Answer(HealthReport.Alive));
        app.MapGet(HealthReport.ReadyPath, async (HealthProbe probe, CancellationToken cancellation) => Answer(await probe.CheckLedgerAsync(cancellation)));
    }

    /// <summary>Whether a request comes from a container platform, which has no name for us and does not sign in.</summary>
    public static bool IsProbe(HttpRequest request) => request.Path.Value is HealthReport.LivePath or HealthReport.ReadyPath;

    private static IResult Answer(HealthReport report) => Results.Json(report, statusCode: report.StatusCode);
}
