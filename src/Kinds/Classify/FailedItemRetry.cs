using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Puts a classify job that has ended back in the queue: for its failed items, or with another limit on them.</summary>
public sealed class FailedItemRetry(RoundStore rounds, JobKinds kinds)
{
    /// <summary>
    /// Makes new units of the failed items and queues the job for them; when they are done, its manifest is written anew. The items
    /// are read as they are then, in whatever version: their images may have been repaired. After a success they are another round: the
    /// result, the failed items and the manifest stay what they are until the round has its own, and a cancel keeps them for good. A
    /// retry that was cancelled goes on where it stopped.
    /// </summary>
    /// <param name="jobId">A classify job that succeeded, failed or was cancelled.</param>
    /// <param name="failedItemLimit">A new limit on the fraction of failed items; null keeps the job's.</param>
    /// <param name="cancellation">Gives up; nothing is changed then.</param>
    /// <returns>How many items are tried again.</returns>
    /// <exception cref="JobRefusedException">There is no such job, it is no classify job or has not ended, or it has no failed items.</exception>
    public Task<long> RetryItemsAsync(Guid jobId, double? failedItemLimit = null, CancellationToken cancellation = default) =>
        rounds.ReopenAsync(jobId, job => new Reopened(WithLimit(job, failedItemLimit), ArgumentsOf(job).UnitSize), cancellation);

    /// <summary>Queues a job that stopped at its limit on failed items again, with another limit; failed items stay failed.</summary>
    /// <exception cref="JobRefusedException">There is no such job, it is no classify job, or it has not ended.</exception>
    public Task AcceptAsync(Guid jobId, double failedItemLimit, CancellationToken cancellation = default) =>
        rounds.ReopenAsync(jobId, job => new Reopened(WithLimit(job, failedItemLimit), UnitSize: null), cancellation);

    private ClassifyArguments ArgumentsOf(Job job) => job.Kind == ClassifyArguments.Kind
        ? (ClassifyArguments)kinds.Parse(job.Kind, job.Arguments)
        : throw new JobRefusedException($"Job {job.Id} is a {job.Kind} job; only classify jobs have failed items.");

    private JsonElement? WithLimit(Job job, double? failedItemLimit)
    {
        ClassifyArguments arguments = ArgumentsOf(job);
        if (failedItemLimit is not { } limit)
            return null;
        JsonElement written = JobKinds.Write(arguments with { FailedItemLimit = limit });
        kinds.Parse(ClassifyArguments.Kind, written); // refuses a limit out of range
        return written;
    }
}
