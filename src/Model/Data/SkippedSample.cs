namespace HrNetBatch.Model.Data;

/// <summary>A sample that could not be used, and why.</summary>
/// <param name="Shard">Its shard.</param>
/// <param name="Key">Its key.</param>
/// <param name="Reason">A short reason: the image is damaged, or the label is missing.</param>
public sealed record SkippedSample(string Shard, string Key, string Reason);
