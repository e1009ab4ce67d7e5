using HrNetBatch.Kinds.DataSets;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Labels;
using HrNetBatch.Model.Training;
using Values = HrNetBatch.Model.Checkpoints.CheckpointList;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// How a run reads its data, in its checkpoints: the order and the meaning of its classes stay what they were when it began, whatever
/// indexes and names the data have got since. Runs of earlier versions know whole shards and no names.
/// </summary>
internal static class RunData
{
    private const string BlockSize = "block_size", ClassIndices = "class_indices";

    /// <summary>What is to be stored.</summary>
    public static CheckpointDictionary Of(ShardSet shards) => new()
    {
        { BlockSize, (long)shards.BlockSize },
        { ClassIndices, new Values([.. (shards.ClassMap.Indices ?? []).Select(index => (CheckpointValue)(long)index)]) },
    };

    /// <summary>Lets the data be read as the stored run did.</summary>
    /// <param name="saved">The run's checkpoint.</param>
    /// <param name="shards">Its data, as they are now.</param>
    /// <param name="labels">Its classes by name, as they are now.</param>
    /// <exception cref="CheckpointException">Its classes mean something else by now.</exception>
    public static void Restore(Checkpoint saved, ShardSet shards, IReadOnlyList<string> labels)
    {
        CheckpointDictionary stored = TrainingSnapshot.DataOf(saved);
        shards.BlockSize = (int)(stored[BlockSize]?.AsInteger() ?? 0);

        if (stored.Count == 0 && shards.Classes is { } folders && ClassNumbers.WereOtherwise(folders))
            throw new CheckpointException($"{saved.Name}: its run has numbered the folders {ClassList.Listed(folders)} by their ordinal order (0, 1, 10, 2), "
                + "and since this version their numbers are the classes. Start a new run with an output of its own.");
        long[] indices = [.. ((stored[ClassIndices] as Values)?.Items ?? []).Select(index => index.AsInteger() ?? -1)];
        if (!indices.SequenceEqual((shards.ClassMap.Indices ?? []).Select(index => (long)index)))
            throw new CheckpointException($"{saved.Name}: its run has learnt the classes of the data under other numbers than their names have now "
                + $"({ClassList.Listed([.. (shards.ClassMap.ByName ?? new Dictionary<string, int>()).Select(pair => $"{pair.Key} is {pair.Value}")])}). Start a new run with an output of its own.");
        if (saved.Card is { Labels: { Count: > 0 } named } && !named.SequenceEqual(labels))
            throw new CheckpointException($"{saved.Name}: its run has the classes {ClassList.Listed(named)}, and the data have {ClassList.Listed(labels)} now. "
                + "Put the data back as they were, or start a new run with an output of its own.");
    }
}
