namespace HrNetBatch.Jobs.Ledger;

/// <summary>One part of the output, as the manifest lists it.</summary>
public sealed record Part
{
    /// <summary>Its name in the output folder, for example <c>parts/part-000012-5f0c9a1e.parquet</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many blobs have their row in it.</summary>
    public int RowCount { get; init; }

    /// <summary>Its size.</summary>
    public long Bytes { get; init; }

    /// <summary>The SHA-256 of its content, in lower-case hexadecimal.</summary>
    public string Sha256 { get; init; } = "";
}
