using HrNetBatch.Dashboard.Api;
using HrNetBatch.Jobs.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HrNetBatch.Dashboard.Components;

/// <summary>The pages: each asks the ledger what it shows, and a component renders that on the server.</summary>
internal static class Pages
{
    private const int JobsOnPage = 50;
    private const int FailedItemsOnPage = 25;
    private const int RunsToCompare = 12;

    public static void MapPages(this WebApplication app)
    {
        app.MapGet("/", JobsAsync);
        app.MapGet("/jobs/{id:guid}", JobAsync);
        app.MapGet("/runs", RunsAsync);
        app.MapGet("/compare", CompareAsync);
        app.MapFallback(() => NotFound("There is no such page."));
    }

    private static async Task<IResult> JobsAsync(JobQueries queries, string? state, string? kind, string? before, CancellationToken cancellation)
    {
        // What an old bookmark may still hold is left out, and told.
        var remarks = new List<string>();
        JobState? wanted = Enum.TryParse(state, ignoreCase: true, out JobState parsed) && Enum.IsDefined(parsed) ? parsed : null;
        if (wanted is null && !string.IsNullOrEmpty(state))
            remarks.Add($"There is no state '{state}': the states are {string.Join(", ", Enum.GetNames<JobState>())}. Jobs in every state are shown.");
        string? named = kind is not null && KindNames.All.Contains(kind) ? kind : null;
        if (named is null && !string.IsNullOrEmpty(kind))
            remarks.Add($"There is no kind '{kind}': the kinds are {string.Join(", ", KindNames.All)}. Jobs of every kind are shown.");
        Guid? last = Guid.TryParse(before, out Guid id) ? id : null;
        if (last is null && !string.IsNullOrEmpty(before))
            remarks.Add($"'{before}' is the id of no job: the newest jobs are shown.");
        var filter = new JobFilter(wanted, named, last);
        JobPageView page = await queries.ListAsync(filter, JobsOnPage, cancellation);
        return new RazorComponentResult<JobsPage>(new { Filter = filter, Page = page, Kinds = KindNames.All, Remarks = (IReadOnlyList<string>)remarks });
    }

    private static async Task<IResult> JobAsync(JobQueries queries, ReportQueries reports, Guid id, string? failedAfter, string? classes, CancellationToken cancellation)
    {
        if (await queries.FindAsync(id, cancellation) is not { } job)
            return NotFound($"There is no job {id}.");
        FailedItemPage failed = await queries.FailedItemsAsync(id, failedAfter, FailedItemsOnPage, cancellation);
        return new RazorComponentResult<JobPage>(new
        {
            Job = job,
            Failed = failed,
            FailedAfter = failedAfter,
            Report = await reports.FindAsync(id, cancellation),
            ShowsAllClasses = classes == "all",
            Tags = await reports.TagsAsync(id, cancellation),
        });
    }

    private static async Task<IResult> RunsAsync(ReportQueries reports, string? tag, CancellationToken cancellation)
    {
        string? wanted = string.IsNullOrEmpty(tag) ? null : tag;
        return new RazorComponentResult<RunsPage>(new { Runs = await reports.RunsAsync(wanted, cancellation), Tag = wanted });
    }

    private static async Task<IResult> CompareAsync(ReportQueries reports, HttpRequest request, CancellationToken cancellation)
    {
        Guid[] ids = [.. request.Query["run"].Select(text => Guid.TryParse(text, out Guid id) ? id : Guid.Empty).Where(id => id != Guid.Empty).Distinct().Take(RunsToCompare)];
        return new RazorComponentResult<ComparePage>(new { Runs = await reports.RunsAsync(ids, cancellation) });
    }

    private static RazorComponentResult<NotFoundPage> NotFound(string message) => new(new { Message = message }) { StatusCode = StatusCodes.Status404NotFound };
}
