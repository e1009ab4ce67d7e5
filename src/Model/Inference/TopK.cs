namespace HrNetBatch.Model.Inference;

/// <summary>From one image's logits to its most probable classes, the same on every device and at every run.</summary>
internal static class TopK
{
    internal static Prediction[] Of(ReadOnlySpan<float> logits, int count, IReadOnlyList<string>? labels)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            if (!float.IsFinite(logit))
                throw new InvalidDataException("The network answers with infinities or no numbers at all: its weights, or the pixels of an image, are broken.");
            largest = Math.Max(largest, logit);
        }
        double sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - largest);

        var top = new Prediction[Math.Min(count, logits.Length)];
        float[] left = logits.ToArray();
        for (int rank = 0; rank < top.Length; rank++)
        {
            int index = 0; // the first of equal ones
            for (int i = 1; i < left.Length; i++)
            {
                if (left[i] > left[index])
                    index = i;
            }
            top[rank] = new Prediction(index, labels?[index], (float)(Math.Exp(left[index] - largest) / sum));
            left[index] = float.NegativeInfinity;
        }
        return top;
    }
}
