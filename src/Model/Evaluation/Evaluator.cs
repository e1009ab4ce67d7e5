using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Evaluation;

/// <summary>Measures a network on labelled batches, as validate() of the original's lib/core/function.py does.</summary>
public static class Evaluator
{
    /// <summary>Runs every batch through the network in evaluation mode, in which it leaves the network.</summary>
    /// <exception cref="InvalidDataException">There was not one batch.</exception>
    public static async Task<EvaluationResult> EvaluateAsync(
        HrNet network, IAsyncEnumerable<Batch> batches, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(batches);
        network.eval();
        (double loss, long top1, long top5, long count) = (0, 0, 0, 0);
        await foreach (Batch batch in batches.WithCancellation(cancellationToken))
        {
            (double batchLoss, long batchTop1, long batchTop5, long batchCount) = Measure(network, batch);
            // A mean of batch means weighted by their sizes: the last batch may be smaller.
            (loss, top1, top5, count) = (loss + batchLoss * batchCount, top1 + batchTop1, top5 + batchTop5, count + batchCount);
        }
        if (count == 0)
            throw new InvalidDataException("There is nothing to evaluate: the validation data holds no sample.");
        return new EvaluationResult(loss / count, (double)top1 / count, (double)top5 / count, count);
    }

    private static (double Loss, long Top1, long Top5, long Count) Measure(HrNet network, Batch batch)
    {
        using Batch _ = batch;
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        Device device = network.parameters().First().device;
        Tensor images_BCHW = ChannelsLast.Of(batch.Images.to(device));
        Tensor labels_B = batch.Labels.to(device);
        Tensor logits_BK = network.call(images_BCHW);
        double loss = nn.functional.cross_entropy(logits_BK, labels_B).ToDouble();
        (long top1, long top5) = Accuracy.Count(logits_BK, labels_B);
        return (loss, top1, top5, labels_B.shape[0]);
    }
}
