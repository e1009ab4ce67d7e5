using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Labels;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Train;

/// <summary>The network whose answers a train job learns: the same in every attempt, whatever happens to the tag or blob that names it.</summary>
/// <param name="Network">The network, of whichever variant, on the attempt's device.</param>
/// <param name="Classes">What it tells apart, in its order.</param>
internal sealed record TeacherNetwork(HrNet Network, ClassList Classes) : IDisposable
{
    /// <summary>Loads it; null where labels are learnt.</summary>
    public static async Task<TeacherNetwork?> LoadAsync(TrainArguments arguments, JobCheckpoints checkpoints, AttemptContext attempt, CancellationToken cancellation)
    {
        if (arguments.Teacher is not { } reference)
            return null;
        using LoadedCheckpoint loaded = await checkpoints.LoadAsync(attempt.Lease, CheckpointRole.Teacher, reference, cancellation);
        HrNet network = StoredCheckpoint.NetworkOf(loaded.Checkpoint, attempt.Logger);
        try
        {
            network.to(device(attempt.Device));
            return new TeacherNetwork(network, new ClassList($"--teacher {reference}", loaded.Labels, network.ClassCount));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Puts its answers into the order of a run's classes.</summary>
    /// <exception cref="JobException">It tells another number of classes apart; permanent.</exception>
    /// <exception cref="ClassNamesException">They are other classes.</exception>
    public void AnswerAs(ClassList run)
    {
        if (Network.ClassCount != run.KnownCount)
            throw new JobException($"The teacher tells {Counted.Of(Network.ClassCount, "class", "classes")} apart, and this job {run.KnownCount}: answers can be learnt only for the same classes. {Classes} {run} Name another teacher, or give the job the teacher's classes.");
        if (run.Names is not null && Classes.Names is not null && ClassMatching.Match(run, Classes, allowsSubset: false).Indices is { } rows)
            ClassifierRows.Reorder(Network, rows);
    }

    /// <summary>Frees the network.</summary>
    public void Dispose() => Network.Dispose();
}
