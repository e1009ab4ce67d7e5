using HrNetBatch.Model.Checkpoints;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Labels;

/// <summary>What the classes of a checkpoint are called.</summary>
public static class ClassLabels
{
    /// <summary>
    /// The names by index: those that the checkpoint carries, else ImageNet's for a foreign checkpoint of 1,000 classes, else null.
    /// Our own checkpoints without names stay without: they were trained on classes that nobody named.
    /// </summary>
    public static IReadOnlyList<string>? Of(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (checkpoint.Card is { } card)
            return card.Labels.Count > 0 ? card.Labels : null;
        return checkpoint.StateDict.TryGetValue("classifier.weight", out Tensor? weight) && weight.shape[0] == ImageNetLabels.All.Count ? ImageNetLabels.All : null;
    }
}
