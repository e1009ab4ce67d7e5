using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>Reports and the images of their mistakes.</summary>
internal static class ReportsApi
{
    public static void MapReportsApi(this WebApplication app)
    {
        app.MapGet("/api/jobs/{id:guid}/report", ReportAsync);
        app.MapGet("/api/jobs/{id:guid}/mistakes/{number:int}", MistakeAsync);
    }

    private static async Task<IResult> ReportAsync(MetricStore metrics, Guid id, CancellationToken cancellation) =>
        await metrics.FindReportAsync(id, cancellation) is { } report ? Results.Json(report) : Results.NotFound(new { error = $"The job {id} has no report." });

    private static async Task<IResult> MistakeAsync(ReportQueries reports, HttpContext context, Guid id, int number, CancellationToken cancellation)
    {
        if (await reports.MistakeAsync(id, number, cancellation) is not { } image)
            return Results.NotFound(new { error = $"The job {id} has no image of mistake {number}." });
        // The page is asked for every two seconds; its pictures are not.
        context.Response.Headers.CacheControl = "private, max-age=600";
        return Results.Bytes(image.Bytes, image.ContentType);
    }
}
