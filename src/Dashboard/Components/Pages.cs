using HrNetBatch.Dashboard.Api;
using HrNetBatch.Jobs.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HrNetBatch.Dashboard.Components;

/// <summary>The pages: each asks the ledger what it shows, and a component renders that on the server.</summary>
internal static class Pages
{
    private const int JobsOnPage = 50;
    private const int FailedItemsOnPage = 25;

    public static void MapPages(this WebApplication app)
    {
        app.MapGet("/", JobsAsync);
        app.MapGet("/jobs/{id:guid}", JobAsync);
        app.MapFallback(() => NotFound("There is no such page."));
    }

    private static async Task<IResult> JobsAsync(JobQueries queries, JobKinds kinds, string? state, string? kind, Guid? before, CancellationToken cancellation)
    {
        // What an old bookmark may still hold is left out, not refused.
        JobState? wanted = Enum.TryParse(state, ignoreCase: true, out JobState parsed) && Enum.IsDefined(parsed) ? parsed : null;
        var filter = new JobFilter(wanted, kinds.All.Any(known => known.Name == kind) ? kind : null, before);
        JobPageView page = await queries.ListAsync(filter, JobsOnPage, cancellation);
        string[] names = [.. kinds.All.Select(known => known.Name).Order(StringComparer.Ordinal)];
        return new RazorComponentResult<JobsPage>(new { Filter = filter, Page = page, Kinds = (IReadOnlyList<string>)names });
    }

    private static async Task<IResult> JobAsync(JobQueries queries, Guid id, string? failedAfter, CancellationToken cancellation)
    {
        if (await queries.FindAsync(id, cancellation) is not { } job)
            return NotFound($"There is no job {id}.");
        FailedItemPage failed = await queries.FailedItemsAsync(id, failedAfter, FailedItemsOnPage, cancellation);
        return new RazorComponentResult<JobPage>(new { Job = job, Failed = failed, FailedAfter = failedAfter });
    }

    private static RazorComponentResult<NotFoundPage> NotFound(string message) => new(new { Message = message }) { StatusCode = StatusCodes.Status404NotFound };
}
