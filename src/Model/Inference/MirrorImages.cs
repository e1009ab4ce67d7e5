namespace HrNetBatch.Model.Inference;

/// <summary>Images seen in a mirror, and the mean of what a network says of both.</summary>
internal static class MirrorImages
{
    /// <summary>The images with left and right exchanged.</summary>
    /// <param name="images">[…, width].</param>
    /// <param name="width">Pixels of a row.</param>
    internal static float[] Of(ReadOnlySpan<float> images, int width)
    {
        float[] mirrored = images.ToArray();
        for (int row = 0; row < mirrored.Length; row += width)
            mirrored.AsSpan(row, width).Reverse();
        return mirrored;
    }

    /// <summary>Logarithms of the mean of the probabilities in two answers: their softmax is that mean.</summary>
    /// <param name="logits">[count, classes].</param>
    /// <param name="others">The same of the mirrored images.</param>
    /// <param name="classCount">How many classes.</param>
    internal static float[] Average(ReadOnlySpan<float> logits, ReadOnlySpan<float> others, int classCount)
    {
        var means = new float[logits.Length];
        for (int first = 0; first < means.Length; first += classCount)
        {
            double total = LogOfSum(logits.Slice(first, classCount)), otherTotal = LogOfSum(others.Slice(first, classCount));
            for (int i = first; i < first + classCount; i++)
            {
                double one = logits[i] - total, other = others[i] - otherTotal, larger = Math.Max(one, other);
                means[i] = (float)(larger + Math.Log((Math.Exp(one - larger) + Math.Exp(other - larger)) / 2));
            }
        }
        return means;
    }

    private static double LogOfSum(ReadOnlySpan<float> logits)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
            largest = Math.Max(largest, logit);
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - largest);
        return largest + Math.Log(sum);
    }
}
