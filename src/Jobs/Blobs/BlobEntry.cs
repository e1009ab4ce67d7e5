namespace HrNetBatch.Jobs.Blobs;

/// <summary>One blob of a listing.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="ETag">The version that was listed, in quotes as the service writes it.</param>
/// <param name="LengthBytes">Its size.</param>
public sealed record BlobEntry(BlobPath Path, string ETag, long LengthBytes)
{
    /// <summary>When this version was written, by the service's clock; null where it was not asked for.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }
}

/// <summary>One page of a listing.</summary>
/// <param name="Blobs">Blobs in the order of their names.</param>
/// <param name="Continuation">Where the next page starts; null after the last one.</param>
public sealed record BlobPage(IReadOnlyList<BlobEntry> Blobs, string? Continuation)
{
    /// <summary>How many blobs were left out because they only stand for folders (<see cref="FolderMarkers"/>).</summary>
    public int FolderMarkerCount { get; init; }
}

/// <summary>A small blob, read whole.</summary>
/// <param name="Bytes">Its content.</param>
/// <param name="ETag">The version that was read.</param>
public sealed record BlobContent(byte[] Bytes, string ETag);

/// <summary>Which version an upload may replace, so that two writers cannot overwrite each other unseen.</summary>
/// <param name="ETag">The only version that may be there; null: none may be.</param>
public sealed record Replaces(string? ETag);
