using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Inference;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Works on units until every unit of the job is committed, by whichever lane.</summary>
internal sealed partial class UnitWorker(
    PlanStore plans, UnitStore units, SuspectStore suspects, BlobStore blobs, ClassifierLoader loader, FailedItemLimit limit, IOptions<ClassifyOptions> options, TimeProvider time)
{
    public async Task RunAsync(ClassifyJob job, CancellationToken stop)
    {
        Classifier? classifier = null;
        var saidSuspect = false;
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
                    // First those among which is what killed a process, each by itself: nothing else may die with it, or be taken for it.
                    while (await suspects.ClaimAsync(job.Lease, stop) is { } suspect)
                    {
                        if (!saidSuspect) LogSuspect(job.Attempt.Logger, job.Id, suspect.Unit.Index);
                        saidSuspect = true;
                        using var alone = Pipeline(classifier);
                        committedCount += await alone.RunAsync(suspect, stop);
                    }
                    using var pipeline = Pipeline(classifier);
                    committedCount += await pipeline.RunAsync(stop);
                }

                // Other lanes hold what is left, or the listing goes on. Waiting here, a lane takes over a dead one's units at once.
                if (committedCount == 0) await Task.Delay(options.Value.LookInterval, time, stop);
            }
        }
        finally
        {
            classifier?.Dispose();
        }

        UnitPipeline Pipeline(Classifier classifier) => new(job, classifier, units, suspects, blobs, committer, options.Value);
    }

    [LoggerMessage(2011, LogLevel.Warning, "Job {Job}: a process died while it worked on unit {Unit} (and perhaps others), "
        + "so their images are decoded one after the other now, to find the one that kills, if it was one")]
    private static partial void LogSuspect(ILogger logger, Guid job, int unit);

    private static bool IsWork(WorkLeft left) => !left.State.HasEnded() && (left.HasOpenUnits || !left.IsPlanComplete);
}
