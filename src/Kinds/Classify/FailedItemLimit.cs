using System.Globalization;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Stops a job of which too many images cannot be read: usually the input is the wrong folder, and going on would be a waste.</summary>
internal sealed class FailedItemLimit(FailedItemStore failedItems)
{
    /// <summary>Until this many images are done, a few unreadable ones at the start say nothing about the rest.</summary>
    public const int MinimumCount = 100;

    public static bool IsPassed(double limit, UnitTotals totals)
    {
        var isComplete = totals.IsPlanComplete && totals.DoneCount == totals.ItemCount;
        return (isComplete || totals.DoneCount >= MinimumCount) && totals.FailedCount > limit * totals.DoneCount;
    }

    /// <exception cref="JobException">The limit is passed; permanent.</exception>
    public async Task CheckAsync(ClassifyJob job, UnitTotals totals, CancellationToken cancellation)
    {
        if (!IsPassed(job.Arguments.FailedItemLimit, totals)) return;

        var examples = await failedItems.ListAsync(job.Id, totals.Round, null, 3, cancellation);
        throw new JobException(string.Create(CultureInfo.InvariantCulture,
            $"{totals.FailedCount} of {Counted.Of(totals.DoneCount, "image")} could not be read ({(double)totals.FailedCount / totals.DoneCount:0.#%}), and the job allows {job.Arguments.FailedItemLimit:0.#%} (failedItemLimit). ")
            + $"For example: {string.Join("; ", examples.Select(item => $"{item.Name}: {item.Reason}"))}. "
            + $"If the input is right, repair those images and run `hrnet retry {job.Lease.JobId} --failed-items`, "
            + $"or accept them with `hrnet retry {job.Lease.JobId} --failed-item-limit 1`; what is done already is kept.");
    }
}
