using HrNetBatch.Jobs.Checkpoints;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Execution;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Jobs.Train;

/// <summary>The network whose answers a train job learns: the same in every attempt, whatever happens to the tag or blob that names it.</summary>
internal static class TeacherNetwork
{
    /// <summary>Loads it to the attempt's device, of whichever variant it is; null where labels are learnt. The caller disposes it.</summary>
    /// <exception cref="JobException">It knows other classes than the job; permanent.</exception>
    public static async Task<HrNet?> LoadAsync(TrainArguments arguments, JobCheckpoints checkpoints, AttemptContext attempt, CancellationToken cancellation)
    {
        if (arguments.Teacher is not { } reference)
            return null;
        using LoadedCheckpoint loaded = await checkpoints.LoadAsync(attempt.Lease, CheckpointRole.Teacher, reference, cancellation);
        HrNet network = StoredCheckpoint.NetworkOf(loaded.Checkpoint, attempt.Logger);
        try
        {
            if (network.ClassCount != arguments.NumberOfClasses)
                throw new JobException($"The teacher {reference} tells {network.ClassCount} classes apart, and this job {arguments.NumberOfClasses}: answers can be learnt only for the same classes. Name another teacher, or give the job the teacher's classes.");
            if (FirstOther(arguments.Labels, loaded.Labels) is { } other)
                throw new JobException($"The teacher {reference} calls class {other} '{loaded.Labels![other]}', and this job '{arguments.Labels![other]}': its answers would be learnt for the wrong classes. Give the labels in the teacher's order.");
            network.to(device(attempt.Device));
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static int? FirstOther(IReadOnlyList<string>? labels, IReadOnlyList<string>? known)
    {
        for (int index = 0; index < Math.Min(labels?.Count ?? 0, known?.Count ?? 0); index++)
        {
            if (labels![index] != known![index])
                return index;
        }
        return null;
    }
}
