using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>
/// GET /api/backlog/KIND,KIND: <c>{"lanes": N}</c>, how many lanes of these kinds want a worker or have one. KEDA asks it to scale the
/// workers, and cannot sign in: it tells a number and nothing else.
/// </summary>
internal static class BacklogApi
{
    private const string Path = "/api/backlog";

    public static void MapBacklogApi(this WebApplication app) => app.MapGet(Path + "/{kinds}", CountAsync);

    /// <summary>Whether a request asks for the backlog, and so needs no sign-in.</summary>
    public static bool IsBacklog(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Path.StartsWithSegments(Path, StringComparison.Ordinal);

    private static async Task<IResult> CountAsync(BacklogStore backlog, string kinds, CancellationToken cancellation)
    {
        string[] wanted = [.. kinds.Split(',', StringSplitOptions.TrimEntries).Distinct()];
        if (Array.Find(wanted, kind => !KindNames.All.Contains(kind)) is { } stranger)
            return Results.Json(new { error = $"No kind is called '{stranger}'; there are {string.Join(", ", KindNames.All)}." }, statusCode: StatusCodes.Status404NotFound);
        long lanes = 0;
        foreach (string kind in wanted)
            lanes += await backlog.CountAsync(kind, cancellation);
        return Results.Json(new { lanes });
    }
}
