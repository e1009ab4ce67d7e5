using HrNetBatch.Model.Native;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Training;

/// <summary>What training makes smaller. Each is a mean over the images, a float32 scalar that the caller disposes.</summary>
internal static class TrainingLoss
{
    /// <summary>Cross entropy; of mixed images that of both their classes, each with its share.</summary>
    /// <param name="logits">[B, classes] float32.</param>
    /// <param name="targets">Of the same images.</param>
    /// <param name="smoothing">Share of each target that is spread over all classes.</param>
    internal static Tensor CrossEntropy(Tensor logits, Targets targets, double smoothing)
    {
        Tensor own = nn.functional.cross_entropy(logits, targets.Labels, label_smoothing: smoothing);
        return targets.OtherLabels is null ? own
            : own.Times(targets.Share).Plus(nn.functional.cross_entropy(logits, targets.OtherLabels, label_smoothing: smoothing).Times(1 - targets.Share));
    }

    /// <summary>
    /// The SSLD loss: half the symmetric Kullback-Leibler divergence between the two softmax outputs, summed over the classes
    /// (PaddleClas, DMLLoss): ½ Σ (KL(p‖q) + KL(q‖p)) = ½ Σ (p − q)(ln p − ln q).
    /// </summary>
    /// <param name="logits">The student's [B, classes] float32.</param>
    /// <param name="teacherLogits">The teacher's, of the same images, without gradients.</param>
    internal static Tensor Distillation(Tensor logits, Tensor teacherLogits)
    {
        Tensor lnP = nn.functional.log_softmax(logits, 1), lnQ = nn.functional.log_softmax(teacherLogits, 1);
        return ((lnP.exp() - lnQ.exp()) * (lnP - lnQ)).sum(1).mean().Times(0.5);
    }
}
