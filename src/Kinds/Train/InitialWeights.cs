using HrNetBatch.Kinds.Models;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Labels;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// The weights that a run begins with. The classifier's rows go to the classes of the same names; where the run has a class that the
/// checkpoint does not know, or nobody named them and their number is another, the classifier begins anew.
/// </summary>
internal static partial class InitialWeights
{
    /// <summary>Fills a network.</summary>
    /// <param name="network">A fresh one.</param>
    /// <param name="initial">The checkpoint.</param>
    /// <param name="labels">The run's classes; null: they have no names.</param>
    /// <param name="logger">Hears what was done beyond copying.</param>
    /// <exception cref="CheckpointException">Something other than the classifier differs.</exception>
    public static void Load(HrNet network, LoadedCheckpoint initial, IReadOnlyList<string>? labels, ILogger logger)
    {
        Checkpoint checkpoint = initial.Checkpoint;
        IReadOnlyList<string>? known = ClassifierRows.Names.All(checkpoint.StateDict.ContainsKey) ? initial.Labels : null;
        ClassMap? map = labels is null || known is null ? ClassMap.Identity
            : ClassMatching.TryMatch(new ClassList("--labels", labels), new ClassList("--initial-checkpoint", known), allowsSubset: true, out _);
        if (labels is null || known is null || map == ClassMap.Identity && labels.Count == known.Count)
        {
            checkpoint.LogRemarks(logger, StateDictLoader.Load(network, checkpoint, keepNewClassifier: true));
            return;
        }
        int[]? rows = map is null ? null : [.. map.Indices ?? [.. Enumerable.Range(0, labels.Count)]];
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> own = network.state_dict(), weights = new(checkpoint.StateDict);
        foreach (string name in ClassifierRows.Names)
            weights[name] = rows is null ? own[name].clone() : ClassifierRows.Take(weights[name], rows);
        try
        {
            checkpoint.LogRemarks(logger, StateDictLoader.Load(network, weights));
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"{checkpoint.Name}: {e.Message}", e);
        }
        if (rows is null)
            LogAnew(logger, checkpoint.Name, known.Count, ClassList.Listed(known), ClassList.Listed(labels));
        else
            LogTaken(logger, checkpoint.Name, labels.Count, known.Count);
    }

    [LoggerMessage(3032, LogLevel.Information, "Checkpoint {Checkpoint}: the classifier begins anew: its {Count} classes ({Known}) lack some of this run's ({Labels})")]
    private static partial void LogAnew(ILogger logger, string checkpoint, int count, string known, string labels);

    [LoggerMessage(3033, LogLevel.Information, "Checkpoint {Checkpoint}: the classifier's rows are taken by the names of the classes, {Taken} of {Count}")]
    private static partial void LogTaken(ILogger logger, string checkpoint, int taken, int count);
}
