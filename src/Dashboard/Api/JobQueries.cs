using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Dashboard.Api;

/// <summary>Which jobs a list shows.</summary>
/// <param name="State">Only this state.</param>
/// <param name="Kind">Only this kind.</param>
/// <param name="Before">Only jobs older than this one: the last of the page before.</param>
public sealed record JobFilter(JobState? State = null, string? Kind = null, Guid? Before = null);

/// <summary>One page of jobs, newest first.</summary>
/// <param name="Jobs">The page.</param>
/// <param name="Counts">How many jobs there are in each state, whatever the filter.</param>
/// <param name="Next">The <see cref="JobFilter.Before"/> of the next page; null on the last.</param>
public sealed record JobPageView(IReadOnlyList<JobSummary> Jobs, IReadOnlyDictionary<JobState, long> Counts, Guid? Next);

/// <summary>One page of failed items in the order of their names.</summary>
/// <param name="Items">The page.</param>
/// <param name="Next">The name to continue after; null on the last page.</param>
public sealed record FailedItemPage(IReadOnlyList<FailedItem> Items, string? Next);

/// <summary>The questions that pages and API ask of the ledger.</summary>
internal sealed class JobQueries(
    JobStore jobs,
    UnitCountStore units,
    FailedItemStore failedItems,
    MetricStore metrics,
    PinnedCheckpointStore checkpoints,
    JobRates rates,
    TimeProvider time)
{
    public const int MaxPageSize = 200;

    public async Task<JobPageView> ListAsync(JobFilter filter, int limit, CancellationToken cancellation)
    {
        limit = Math.Clamp(limit, 1, MaxPageSize);
        Job? before = filter.Before is { } id ? await jobs.FindAsync(id, cancellation) : null;
        IReadOnlyList<Job> page = await jobs.ListAsync(filter.State, filter.Kind, limit + 1, before, cancellation);
        JobSummary[] shown = [.. page.Take(limit).Select(Summary)];
        return new JobPageView(shown, await jobs.CountAsync(cancellation), page.Count > limit ? shown[^1].Id : null);
    }

    public async Task<JobDetail?> FindAsync(Guid id, CancellationToken cancellation)
    {
        if (await jobs.FindAsync(id, cancellation) is not { } job)
            return null;
        Dictionary<Guid, JobSummary> started = (await jobs.ListFollowersAsync(id, cancellation)).ToDictionary(follower => follower.Id, Summary);
        return new JobDetail(
            Summary(job),
            job.Arguments,
            job.Result,
            await jobs.ListAttemptsAsync(id, cancellation),
            job.FailureCount,
            job.LostCount,
            await units.FindAsync(id, cancellation),
            [.. job.Followers.Select(request => new FollowerView(request.Id, request.Kind, started.GetValueOrDefault(request.Id)))],
            job.Follows,
            job.Schedule,
            await checkpoints.FindAsync(id, cancellation),
            await metrics.HasAnyAsync(id, cancellation));
    }

    private JobSummary Summary(Job job) => JobSummary.Of(job, time.GetUtcNow(), rates.Note(job));

    public async Task<FailedItemPage> FailedItemsAsync(Guid id, string? after, int limit, CancellationToken cancellation)
    {
        limit = Math.Clamp(limit, 1, MaxPageSize);
        IReadOnlyList<FailedItem> page = await failedItems.ListAsync(id, after, limit + 1, cancellation);
        FailedItem[] shown = [.. page.Take(limit)];
        return new FailedItemPage(shown, page.Count > limit ? shown[^1].Name : null);
    }
}
