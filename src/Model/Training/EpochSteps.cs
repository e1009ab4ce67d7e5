namespace HrNetBatch.Model.Training;

/// <summary>How many steps an epoch makes.</summary>
public static class EpochSteps
{
    /// <summary>Batches of <paramref name="sampleCount"/> samples, those of which every sample is broken included.</summary>
    public static long Of(long sampleCount, int batchSize, LastBatch lastBatch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        long full = sampleCount / batchSize;
        return full > 0 && (lastBatch == LastBatch.Drop || sampleCount % batchSize == 0) ? full
            : sampleCount > 0 ? full + 1 : 0;
    }
}
