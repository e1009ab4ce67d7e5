namespace HrNetBatch.Model.Training;

/// <summary>What becomes of the samples that are left at the end of an epoch and fill no batch.</summary>
public enum LastBatch
{
    /// <summary>They are a smaller batch, and a step like any other: what the original does (and torch's DataLoader, unless told otherwise).</summary>
    Keep,

    /// <summary>
    /// They are left out, as timm does: the gradient of a few images is noise at the full learning rate, and the weights that it leaves are the
    /// ones that are validated. Another epoch's order leaves out others. An epoch's only batch is kept, however small.
    /// </summary>
    Drop,
}
