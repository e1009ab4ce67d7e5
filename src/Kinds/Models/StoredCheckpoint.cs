using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Training;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace HrNetBatch.Kinds.Models;

/// <summary>Checkpoints in blob storage.</summary>
internal static class StoredCheckpoint
{
    /// <summary>Reads a checkpoint; the caller disposes it.</summary>
    public static async Task<Checkpoint> ReadAsync(BlobStore blobs, BlobPath path, CancellationToken cancellation)
    {
        await using FileStream file = await blobs.DownloadToTemporaryFileAsync(path, cancellation: cancellation);
        return CheckpointReader.Read(file, $"{path}");
    }

    /// <summary>The shape of the network that a checkpoint is of, once every one of its tensors is known to fit; no network is made.</summary>
    /// <exception cref="JobException">It is of no such network, or its tensors do not fit; permanent.</exception>
    public static HrNetShape ShapeOf(Checkpoint checkpoint)
    {
        try
        {
            HrNetShape shape = HrNetShape.Recognize(checkpoint.StateDict);
            StateDictLoader.Check(shape, checkpoint.StateDict);
            return shape;
        }
        catch (Exception e) when (e is ArgumentException or CheckpointException)
        {
            throw new JobException($"{checkpoint.Name}: {e.Message}", FailureKind.Permanent, e);
        }
    }

    /// <summary>The network that a checkpoint is of, with its weights; the caller disposes it. What was odd in the file goes to the log.</summary>
    public static HrNet NetworkOf(Checkpoint checkpoint, ILogger? logger = null)
    {
        HrNetShape shape = ShapeOf(checkpoint);   // before memory is taken for the network that the file speaks of
        var network = new HrNet(shape.Architecture, shape.ClassCount);
        try
        {
            checkpoint.LogRemarks(logger, StateDictLoader.Load(network, checkpoint));
            RequireFinite(checkpoint, network.state_dict());
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Refuses weights that give no answer.</summary>
    /// <param name="checkpoint">Where they come from.</param>
    /// <param name="stateDict">The weights, as they are in the file or as a network has taken them.</param>
    /// <exception cref="JobException">They hold infinities or no numbers; permanent.</exception>
    public static void RequireFinite(Checkpoint checkpoint, IReadOnlyDictionary<string, Tensor> stateDict)
    {
        if (FiniteWeights.FirstOther(stateDict) is { } name)
            throw new JobException(
                $"{checkpoint.Name}: {name} holds infinities or no numbers: the training that made it diverged, or the file is damaged. Name another checkpoint.");
    }
}
