using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Inference;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Classify;

/// <summary>Works on units until every unit of the job is committed, by whichever lane.</summary>
internal sealed class UnitWorker(
    PlanStore plans, UnitStore units, BlobStore blobs, ClassifierLoader loader, FailedItemLimit limit, IOptions<ClassifyOptions> options, TimeProvider time)
{
    public async Task RunAsync(ClassifyJob job, CancellationToken stop)
    {
        Classifier? classifier = null;
        var committer = new UnitCommitter(blobs, units, limit, time);
        try
        {
            while (await plans.LookAsync(job.Lease.JobId, stop) is var left && IsWork(left))
            {
                job.Attempt.Worked();
                var committedCount = 0;
                if (left.HasOpenUnits)
                {
                    classifier ??= await loader.LoadAsync(job, stop);
                    committedCount = await new UnitPipeline(job, classifier, units, blobs, committer, options.Value).RunAsync(stop);
                }

                // Other lanes hold what is left, or the listing goes on. Waiting here, a lane takes over a dead one's units at once.
                if (committedCount == 0) await Task.Delay(options.Value.LookInterval, time, stop);
            }
        }
        finally
        {
            classifier?.Dispose();
        }
    }

    private static bool IsWork(WorkLeft left) => !left.State.HasEnded() && (left.HasOpenUnits || !left.IsPlanComplete);
}
