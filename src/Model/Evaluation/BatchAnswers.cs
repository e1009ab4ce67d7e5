using HrNetBatch.Model.Data;
using HrNetBatch.Model.Inference;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Evaluation;

// B images of the batch, K classes, k the best of them

/// <summary>What a network said to one batch, in memory of .NET.</summary>
internal sealed record BatchAnswers
{
    private const int BestCount = 5;

    /// <summary>Mean cross entropy of the batch, as torch computes it.</summary>
    public required double Loss { get; init; }

    /// <summary>The images.</summary>
    public required IReadOnlyList<Answer> Answers { get; init; }

    /// <summary>Runs the network, and disposes the batch.</summary>
    public static BatchAnswers Of(FoldedHrNet network, Batch batch, bool averagesFlip)
    {
        using Batch _ = batch;
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        Tensor labels_B = batch.Labels.to(network.Device);
        Tensor images_BCHW = batch.Images.to(network.Device);
        Tensor logits_BK = network.Forward(images_BCHW, averagesFlip);
        RequireFinite(logits_BK, batch);
        double loss = nn.functional.cross_entropy(logits_BK, labels_B).item<float>();

        Tensor best_Bk = logits_BK.topk((int)Math.Min(BestCount, logits_BK.shape[1]), 1).indexes;
        Tensor logProbabilities_BK = logits_BK.log_softmax(1);
        float[] confidences = Values(logProbabilities_BK.gather(1, best_Bk.narrow(1, 0, 1)).exp());
        float[] losses = Values(logProbabilities_BK.gather(1, labels_B.unsqueeze(1)).neg());
        long[] best = best_Bk.cpu().contiguous().data<long>().ToArray(), labels = labels_B.cpu().data<long>().ToArray();
        int k = best.Length / labels.Length;
        return new BatchAnswers
        {
            Loss = loss,
            Answers = [.. labels.Select((label, i) => new Answer(
                batch.Samples[i], (int)label, best.AsMemory(i * k, k), confidences[i], losses[i], batch.EncodedImages.Count > 0 ? batch.EncodedImages[i] : null))],
        };
    }

    // No class is the right one of such an answer, although topk names some.
    private static void RequireFinite(Tensor logits_BK, Batch batch)
    {
        Tensor areFinite_B = logits_BK.isfinite().all(1);
        if (areFinite_B.all().item<bool>())
            return;
        SampleName first = batch.Samples[Array.IndexOf(areFinite_B.cpu().data<bool>().ToArray(), false)];
        throw new NotFiniteException($"The network answers to the sample '{first.Key}' of {first.Shard} with infinities or no numbers.");
    }

    private static float[] Values(Tensor values) => values.flatten().cpu().contiguous().data<float>().ToArray();
}

/// <summary>What a network said to one image.</summary>
/// <param name="Sample">Which it is.</param>
/// <param name="Label">Its class.</param>
/// <param name="Best">The classes with the highest logits, at most five, best first.</param>
/// <param name="Confidence">Probability of the first of them.</param>
/// <param name="Loss">Cross entropy.</param>
/// <param name="Image">The encoded image, where the batch carried it.</param>
internal sealed record Answer(SampleName Sample, int Label, ReadOnlyMemory<long> Best, double Confidence, double Loss, byte[]? Image)
{
    /// <summary>The class that it was taken for.</summary>
    public int Predicted => (int)Best.Span[0];

    /// <summary>Whether that is right.</summary>
    public bool IsRight => Predicted == Label;

    /// <summary>Whether its class is among the best.</summary>
    public bool IsAmongBest => Best.Span.Contains(Label);
}
