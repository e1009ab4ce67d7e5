using System.Globalization;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>The pages' data as JSON, for the pages' own script and for anybody's.</summary>
internal static class JobsApi
{
    private static readonly JsonSerializerOptions Json = new(JobJson.Options) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.Never };

    public static void MapJobsApi(this WebApplication app)
    {
        RouteGroupBuilder jobs = app.MapGroup("/api/jobs");
        jobs.MapGet("/", ListAsync);
        jobs.MapGet("/{id:guid}", FindAsync);
        jobs.MapGet("/{id:guid}/metrics", MetricsAsync);
        jobs.MapGet("/{id:guid}/failed-items", FailedItemsAsync);
    }

    private static async Task<IResult> ListAsync(JobQueries queries, string? state, string? kind, Guid? before, int? limit, CancellationToken cancellation)
    {
        JobState? wanted = null;
        if (!string.IsNullOrEmpty(state))
        {
            if (!Enum.TryParse(state, ignoreCase: true, out JobState parsed) || !Enum.IsDefined(parsed))
                return Results.Json(new { error = $"state: one of {string.Join(", ", Enum.GetNames<JobState>())} is needed" }, Json, statusCode: StatusCodes.Status400BadRequest);
            wanted = parsed;
        }
        return Results.Json(await queries.ListAsync(new JobFilter(wanted, string.IsNullOrEmpty(kind) ? null : kind, before), limit ?? 50, cancellation), Json);
    }

    private static async Task<IResult> FindAsync(JobQueries queries, Guid id, CancellationToken cancellation) =>
        await queries.FindAsync(id, cancellation) is { } job ? Results.Json(job, Json) : NotFound(id);

    /// <summary>New points of every curve: <c>{"next": …, "curves": [{"name", "steps": […], "values": […]}]}</c>; pass next as since.</summary>
    private static async Task<IResult> MetricsAsync(MetricStore metrics, Guid id, string? since, CancellationToken cancellation)
    {
        DateTimeOffset? from = null;
        if (!string.IsNullOrEmpty(since))
        {
            if (!long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out long ticks) || ticks > DateTimeOffset.MaxValue.UtcTicks)
                return Results.Json(new { error = "since: the 'next' of the answer before is needed" }, Json, statusCode: StatusCodes.Status400BadRequest);
            from = new DateTimeOffset(ticks, TimeSpan.Zero);
        }
        (IReadOnlyList<MetricPoint> points, DateTimeOffset next) = await metrics.ReadNewAsync(id, from, cancellation: cancellation);
        var curves = points.GroupBy(point => point.Name, (name, curve) =>
        {
            MetricPoint[] ordered = [.. curve];
            // JSON knows no NaN: a diverged loss is a gap in its curve.
            return new { name, steps = ordered.Select(point => point.Step), values = ordered.Select(point => double.IsFinite(point.Value) ? point.Value : (double?)null) };
        });
        return Results.Json(new { next = next.UtcTicks.ToString(CultureInfo.InvariantCulture), curves }, Json);
    }

    private static async Task<IResult> FailedItemsAsync(JobQueries queries, Guid id, string? after, int? limit, CancellationToken cancellation) =>
        Results.Json(await queries.FailedItemsAsync(id, after, limit ?? 50, cancellation), Json);

    private static IResult NotFound(Guid id) => Results.Json(new { error = $"There is no job {id}." }, Json, statusCode: StatusCodes.Status404NotFound);
}
