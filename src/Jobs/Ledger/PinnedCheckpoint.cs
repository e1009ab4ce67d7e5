namespace HrNetBatch.Jobs.Ledger;

/// <summary>The checkpoint of one job, as its first attempt found it: every other lane and attempt uses the same.</summary>
public sealed record PinnedCheckpoint
{
    /// <summary>What the job's arguments name, such as <c>model:flowers@best</c>.</summary>
    public string Reference { get; init; } = "";

    /// <summary>What that was, exactly: <c>model:flowers@3</c>, or the blob.</summary>
    public string Checkpoint { get; init; } = "";

    /// <summary>The blob of the weights.</summary>
    public string Path { get; init; } = "";

    /// <summary>The version of that blob; null for a model, whose weights never change.</summary>
    public string? Etag { get; init; }

    /// <summary>The SHA-256 of the weights, in lower-case hexadecimal; null until a blob was first read.</summary>
    public string? Sha256 { get; init; }
}
