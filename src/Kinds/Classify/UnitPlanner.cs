using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Lists the input page by page and cuts it into units, while every lane already works on those that are there.</summary>
internal sealed partial class UnitPlanner(PlanStore plans, BlobStore blobs, IOptions<ClassifyOptions> options, TimeProvider time)
{
    /// <summary>Returns when the listing is through: this lane's own work, or that of another lane, which this one replaces if it dies.</summary>
    public async Task RunAsync(ClassifyJob job, CancellationToken stop)
    {
        while (!(await plans.LookAsync(job.Lease.JobId, stop)).IsPlanComplete)
        {
            if (await plans.TakeAsync(job.Lease, stop) is { } plan)
                await ListAsync(job, plan, stop);
            else
                await Task.Delay(options.Value.LookInterval, time, stop);
        }
    }

    private async Task ListAsync(ClassifyJob job, Plan plan, CancellationToken stop)
    {
        while (plan.CompletedAt is null)
        {
            var page = await blobs.ListPageAsync(job.Input, plan.Continuation, options.Value.ListingPageSize, stop);
            var units = page.Blobs.Select(blob => new UnitItem(blob.Path.Name, blob.ETag)).Chunk(job.Arguments.UnitSize).ToList();
            if (page.Continuation is null && plan.ItemCount == 0 && units.Count == 0)
                throw await NothingAsync(job, plan.FolderMarkerCount + page.FolderMarkerCount, stop);

            // 1. The page's units and the place where the listing goes on are one commit. A crash before it costs the listing of one page;
            //    after it, whichever lane plans next goes on with the next page, and no blob is planned twice or left out.
            plan = await plans.AppendAsync(job.Lease, units, page.FolderMarkerCount, page.Continuation, stop);
        }
        if (plan.FolderMarkerCount > 0) LogFolderMarkers(job.Attempt.Logger, job.Id, plan.FolderMarkerCount, job.Input);
    }

    private async Task<JobException> NothingAsync(ClassifyJob job, long folderMarkerCount, CancellationToken stop)
    {
        if (!job.Input.NamesMany && await blobs.FindAsync(job.Input, stop) is not null)
        {
            return new(
                $"There is nothing to classify under '{job.Input}': it is a blob, and input names a folder or the beginning of names. "
                + $"Write '{job.Input}*' for that blob and submit the job again.");
        }
        var found = folderMarkerCount switch
        {
            0 => "no blob lies",
            _ => $"only {Counted.Of(folderMarkerCount, "blob that stands for a folder lies", "blobs that stand for folders lie")}",
        };
        return new($"There is nothing to classify: {found} under '{job.Input}'. Correct the input, or upload images there (hrnet upload) and retry the job.");
    }

    [LoggerMessage(2010, LogLevel.Information, "Job {Job}: blobs under {Input} that only stand for folders are left out: {Count}")]
    private static partial void LogFolderMarkers(ILogger logger, Guid job, long count, BlobPath input);
}
