using static TorchSharp.torch;

namespace HrNetBatch.Model.Evaluation;

/// <summary>Counts right answers as the original's lib/core/evaluate.py does.</summary>
public static class Accuracy
{
    /// <summary>How many labels have the highest logit, and how many are among the five highest (all, where there are fewer classes).</summary>
    /// <param name="logits">[B, classes] float32.</param>
    /// <param name="labels">[B] int64, on the same device.</param>
    public static (long Top1, long Top5) Count(Tensor logits, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        int k = (int)Math.Min(5, logits.shape[1]);
        Tensor right = logits.topk(k, 1).indexes.eq(labels.unsqueeze(1));   // [B, k] bool, best first
        return (right.select(1, 0).sum().item<long>(), right.sum().item<long>());
    }
}
