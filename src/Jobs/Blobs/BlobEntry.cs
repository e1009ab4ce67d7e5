namespace HrNetBatch.Jobs.Blobs;

/// <summary>One blob of a listing.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="ETag">The version that was listed, in quotes as the service writes it.</param>
/// <param name="LengthBytes">Its size.</param>
public sealed record BlobEntry(BlobPath Path, string ETag, long LengthBytes);

/// <summary>One page of a listing.</summary>
/// <param name="Blobs">Blobs in the order of their names.</param>
/// <param name="Continuation">Where the next page starts; null after the last one.</param>
public sealed record BlobPage(IReadOnlyList<BlobEntry> Blobs, string? Continuation);
