using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Classify;

/// <summary>Lists the input page by page and cuts it into units, while every lane already works on those that are there.</summary>
internal sealed class UnitPlanner(PlanStore plans, BlobStore blobs, IOptions<ClassifyOptions> options, TimeProvider time)
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
            var items = page.Blobs.Where(blob => !IsOutput(job, blob.Path)).Select(blob => new UnitItem(blob.Path.Name, blob.ETag));
            var units = items.Chunk(job.Arguments.UnitSize).ToList();
            if (page.Continuation is null && plan.ItemCount == 0 && units.Count == 0)
                throw new JobException($"There is nothing to classify: no blob lies under '{job.Input}'. Correct the input, or upload images there (hrnet upload) and retry the job.");

            // 1. The page's units and the place where the listing goes on are one commit. A crash before it costs the listing of one page;
            //    after it, whichever lane plans next goes on with the next page, and no blob is planned twice or left out.
            plan = await plans.AppendAsync(job.Lease, units, page.Continuation, stop);
        }
    }

    // An output folder inside the input would otherwise be classified, and each run would classify the last one's parts.
    private static bool IsOutput(ClassifyJob job, BlobPath blob) =>
        job.Output.Account.Equals(blob.Account, StringComparison.OrdinalIgnoreCase) && job.Output.Container == blob.Container
        && (blob.Name == job.Manifest.Name || job.Parts.Contains(blob.Name));
}
