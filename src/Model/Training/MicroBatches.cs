namespace HrNetBatch.Model.Training;

/// <summary>How a batch is divided: as torch.nn.DataParallel divides it over the GPUs that <see cref="TrainingRecipe.MicroBatchSize"/> stands for.</summary>
internal static class MicroBatches
{
    /// <summary>The parts of a batch, each as its first image and its number of images.</summary>
    /// <param name="options">Batch and micro-batch sizes.</param>
    /// <param name="imageCount">Images in this batch: the last of an epoch is smaller, and so are its parts, as torch.chunk makes them.</param>
    /// <param name="leastCount">Images that batch norm needs to take statistics from; a last part below it joins the one before.</param>
    internal static List<(int Start, int Count)> Of(TrainingOptions options, int imageCount, int leastCount)
    {
        int partCount = options.MicroBatchSize is { } size ? Quotient(options.BatchSize, size) : 1;
        int partSize = Math.Max(Quotient(imageCount, partCount), leastCount);
        var parts = new List<(int Start, int Count)>();
        for (int start = 0; start < imageCount;)
        {
            int left = imageCount - start;
            int count = left - partSize < leastCount ? left : partSize;
            parts.Add((start, count));
            start += count;
        }
        return parts;
    }

    /// <summary>Images that a part has at least: one has no variance to speak of, and is a part only where parts of one are asked for.</summary>
    internal static int LeastCount(TrainingOptions options) => Math.Min(2, options.MicroBatchSize ?? options.BatchSize);

    private static int Quotient(int a, int b) => (a + b - 1) / b;
}
